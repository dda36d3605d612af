"""The list of prices: its columns, toolbar and preset filter, typed from docs/erp.md."""

from __future__ import annotations

from archisync_gui.demo_erp.lists.products import PRODUCTS
from archisync_gui.demo_erp.lists.view import SELECT_EDIT, Column, FilterOption, ListView, definition_order, hidden

_PRICES = (
    Column("ID", "ID", "ID", "id"),
    Column("ACCOUNTCODE", "CODICE CONTO", "ACCOUNT CODE"),
    Column("ACCOUNTRELATIONID", "ACCOUNT:", "ACCOUNT:"),
    Column("ACCOUNTRELATIONTXT", "DESCRIZIONE ACCOUNT:", "ACCOUNT DESCRIPTION:"),
    Column("ITEMRELATIONID", "ITEM SELECTION:", "ITEM SELECTION:"),
    Column("ITEMRELATIONTXT", "ITEM DESCRIPTION:", "ITEM DESCRIPTION:"),
    Column("FROMDATE", "DA DATA", "FROM DATE", "date"),
    Column("TODATE", "DATA", "TO DATE", "date"),
    Column("QUANTITYAMOUNTFROM", "QUANTITÀIMPORTODA", "QUANTITYAMOUNTFROM", "int"),
    Column("QUANTITYAMOUNTTO", "QUANTITÀIMPORTO", "QUANTITYAMOUNTTO", "int"),
    Column("PRICEUNIT", "UNITÀ DI PREZZO", "PRICE UNIT", "int"),
    Column("AMOUNT", "IMPORTO UNITARIO:", "UNIT AMOUNT:", "amount"),
    Column("CURRENCY", "VALUTA", "CURRENCY"),
    Column("BRASNETPRICE", "PREZZO NETTO DEMO", "NET PRICE DEMO", "bool"),
    Column("PERCENT1", "PERCENTUALE 1", "PERCENT 1", "percent", visible=False),
    Column("PERCENT2", "PERCENTUALE 2", "PERCENT 2", "percent", visible=False),
    Column("ITEMCODE", "CODICE ARTICOLO", "ITEM CODE", visible=False),
    Column("RELATION", "RELAZIONE", "RELATION", visible=False),
    Column("MODULE1", "MODULO", "MODULE", visible=False),
    Column("UNITID", "ID UNITÀ", "UNIT ID", visible=False),
    Column("MODIFIEDDATETIME", "DATETIME MODIFICATO", "MODIFIED DATETIME", "datetime", visible=False),
    Column("DATAAREAID", "DATAAREAID", "DATAAREAID", visible=False),
    *hidden(
        "AGREEMENT", "ALLOCATEMARKUP", "BLOCKED", "CALENDARDAYS", "CREATEDBY", "CREATEDDATETIME", "DELIVERYTIME",
        "DISREGARDLEADTIME", "GENERICCURRENCY", "INVENTDIMID", "INVENTSITEID", "JOURNALNUM", "LOADTYPE", "MARKUP",
        "MAXIMUMRETAILPRICE", "MCRPRICEDISCGROUPTYPE", "MODIFIEDBY", "ORIGINALRECID", "PARTITION", "PDSCALCULATIONID",
        "PRICEDISCTYPE", "RECVERSION", "SEARCHAGAIN", "WAREHOUSE",
    ),
)  # fmt: skip

PRICES = ListView(
    name="prices",
    path="PRICEDISCTABLE_ListView",
    it="Tabella prezzi",
    en="Price table",
    record="PRICEDISCTABLE",
    columns=_PRICES,
    system=SELECT_EDIT,
    sort=(("ID", "ASC"),),
    menu=PRODUCTS.menu,
    options=(
        FilterOption("ActivePrices", "Prezzi attivi", "Active prices"),
        FilterOption("ClosedPrices", "Prezzi chiusi", "Closed prices"),
    ),
    default_option="ActivePrices",
    whole_option="ActivePrices",
    combo=4,
    overflow=5,
    shared=True,
    definition_order=definition_order(_PRICES, 2, {"MODIFIEDDATETIME": 31}),
)
