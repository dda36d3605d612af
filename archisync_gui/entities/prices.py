"""Prices: the active price records of the shared catalogue (``docs/erp.md``, Prices)."""

from archisync_gui.entities.declaration import Column, Entity, FilterWish, Garbage, Kind
from archisync_gui.model import SyncTypeSpec

PRICES = Entity(
    spec=SyncTypeSpec("prices", priority=2, interval=30, stagger=10, shared=True),
    it="Prezzi",
    en="Prices",
    path="PRICEDISCTABLE_ListView/",
    columns=(
        Column("ID", "id", "ID", "ID", Kind.ID),
        Column("ACCOUNTCODE", "account_kind", "CODICE CONTO", "Account kind", title_it="Tipo di conto"),
        Column("ACCOUNTRELATIONID", "price_group", "ACCOUNT:", "Price group", title_it="Listino"),
        Column(
            "ACCOUNTRELATIONTXT",
            "price_group_name",
            "DESCRIZIONE ACCOUNT:",
            "Price group name",
            title_it="Descrizione listino",
        ),
        Column("ITEMRELATIONID", "item_id", "ITEM SELECTION:", "Item", title_it="Articolo"),
        Column("ITEMRELATIONTXT", "item_name", "ITEM DESCRIPTION:", "Item name", title_it="Nome articolo"),
        Column("FROMDATE", "valid_from", "DA DATA", "Valid from", Kind.DATE, title_it="Valido dal"),
        Column("TODATE", "valid_until", "DATA", "Valid until", Kind.DATE, title_it="Valido fino al"),
        Column("QUANTITYAMOUNTFROM", "quantity_from", "QUANTITÀIMPORTODA", "From quantity", Kind.NUMBER),
        Column("QUANTITYAMOUNTTO", "quantity_to", "QUANTITÀIMPORTO", "To quantity", Kind.NUMBER),
        Column("PRICEUNIT", "price_unit", "UNITÀ DI PREZZO", "Price unit", Kind.NUMBER),
        Column("AMOUNT", "unit_price", "IMPORTO UNITARIO:", "Unit price", Kind.MONEY, title_it="Prezzo unitario"),
        Column("CURRENCY", "currency", "VALUTA", "Currency"),
        Column("BRASNETPRICE", "is_net", "PREZZO NETTO", "Net price", Kind.BOOL),
        Column("PERCENT1", "percent_1", "PERCENT 1", "Percent 1", Kind.PERCENT, optional=True, hidden=True),
        Column("PERCENT2", "percent_2", "PERCENT 2", "Percent 2", Kind.PERCENT, optional=True, hidden=True),
        Column("UNITID", "unit", "ID UNITÀ", "Unit", optional=True, hidden=True),
        Column(
            "MODIFIEDDATETIME",
            "modified_at",
            "DATETIME MODIFICATO",
            "Modified",
            Kind.DATETIME,
            optional=True,
            hidden=True,
        ),
    ),
    key=("id",),
    natural_key=("item_id", "price_group", "valid_from", "quantity_from", "currency"),
    filter=FilterWish("prices", ("activeprices",), ("Prezzi attivi", "Active prices")),
    garbage=(Garbage("id-zero", "righe con ID 0", "rows with ID 0", lambda c: c["id"] == "0"),),
    title="item_id",
    choose_columns=True,
    search=("item_id", "item_name", "price_group_name"),
)
