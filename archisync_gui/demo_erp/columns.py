"""The demo ERP's own typed tables of list views, columns, filters and toolbars; no data and no HTML live here.

Typed from the reference facts about the ERP (docs/erp.md, one section per list) and deliberately *not* derived from
``archisync_gui.entities``: a test compares the two, so a slip in one of them shows.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "id", "int", "qty", "amount", "percent", "date", "datetime", "bool", "enum", "link", "file"]
"""How a value is kept in the world and printed in a cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """One grid column: its language-independent field name, its captions and how its cells are drawn.

    ``visible`` is what a fresh session shows. ``nested`` cells hold an inner table and a script (docs/erp.md, cells).
    """

    field: str
    it: str
    en: str
    kind: Kind = "text"
    visible: bool = True
    nested: bool = False


@dataclass(frozen=True, slots=True)
class FilterOption:
    """One entry of a preset filter combo. ``word`` is the tail of the internal value, whose prefix changes."""

    word: str
    it: str
    en: str


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One toolbar item at a fixed index ``DXI{index}``; ``writes`` items would change the ERP."""

    index: int
    name: str
    it: str
    en: str
    writes: bool = False


@dataclass(frozen=True, slots=True)
class ListView:
    """Everything fixed about one list view. ``combo`` is the toolbar index of the preset filter's container."""

    name: str
    path: str
    it: str
    en: str
    record: str
    columns: tuple[Column, ...]
    system: tuple[str, ...]
    sort: tuple[tuple[str, str], ...]
    menu: tuple[MenuItem, ...]
    options: tuple[FilterOption, ...] = ()
    default_option: str = ""
    combo: int = -1
    view_combo: int = -1
    click_only: bool = False
    set_value_navigates: bool = False
    empty_first: bool = False
    footer: tuple[tuple[str, str], ...] = ()
    detail: str = ""
    shared: bool = False
    definition_order: tuple[str, ...] = ()

    def column(self, field: str) -> Column:
        """The column of that field name; KeyError if the list has none."""
        for column in self.columns:
            if column.field == field:
                return column
        raise KeyError(field)


def _hidden(*names: str) -> tuple[Column, ...]:
    """Hidden columns without a known meaning: a caption like their field and, in this world, no content."""
    return tuple(Column(name, name, name, visible=False) for name in names)


def _definition_order(columns: tuple[Column, ...], system: int, pinned: dict[str, int]) -> tuple[str, ...]:
    """The order in which the grid defines its columns: unlike the visible order, with ``pinned`` global indexes."""
    free = [column.field for column in columns if column.field not in pinned]
    random.Random(len(free)).shuffle(free)
    ordered: list[str] = []
    for index in range(system, system + len(columns)):
        name = next((field for field, at in pinned.items() if at == index), None)
        ordered.append(name if name is not None else free.pop())
    return tuple(ordered)


_SELECT = ("select",)
_SELECT_EDIT = ("select", "edit")

# --- customers --------------------------------------------------------------------------------------------------------

_CUSTOMERS = (
    Column("ID", "ID", "ID", "id"),
    Column("ACCOUNTNUM", "PROFILO CLIENTE:", "CUSTOMER ACCOUNT:"),
    Column("NAME", "NOME", "NAME"),
    Column("VATNUM", "PARTITA IVA:", "VAT NUMBER:"),
    Column("LEGALEMAIL", "PEC:", "PEC:"),
    Column("LEGALAUTHORITY", "SDI:", "SDI:"),
    Column("FISCALCODE", "CODICE FISCALE:", "FISCAL CODE:"),
    Column("DLVMODE.TXT", "TERMINI DI CONSEGNA", "DELIVERY TERMS"),
    Column("STREET", "VIA:", "STREET:"),
    Column("LOGISTICSADDRESSZIPCODE.ZIPCODE", "INDIRIZZO LOGISTICO CAP", "LOGISTICS ADDRESS ZIP CODE"),
    Column("CITY", "CITTÀ", "CITY"),
    Column("PHONE", "TELEFONO:", "PHONE:"),
    Column("CELLULARPHONE", "CELLULARE:", "MOBILE PHONE:"),
    Column("URL", "URL:", "URL:"),
    Column("BRASCRMATTENTIONTO", "ALL'ATTENZIONE DI:", "ATTENTION TO:"),
    Column("LASTORDERDATE", "DATA DELL'ULTIMO ORDINE", "LAST ORDER DATE", "date"),
    Column("ORDERCOUNTACT", "CONTEGGI DEGLI ORDINI EFFETTIVI", "ACTUAL ORDER COUNT", "int"),
    Column("SALESACT", "TIPO DI CLIENTE", "CUSTOMER TYPE", "amount"),
    Column("ORDERCOUNTPREV", "CONTEGGIO DEGLI ORDINI PRECEDENTE", "PREVIOUS ORDER COUNT", "int"),
    Column("SALESPREV", "VENDITE PRECEDENTE", "PREVIOUS SALES", "amount"),
    Column("ORDERCOUNTPREV2", "CONTEGGIO DEGLI ORDINI PRECEDENTE 2", "PREVIOUS ORDER COUNT 2", "int"),
    Column("SALESPREV2", "VENDITE PRECEDENTE", "PREVIOUS SALES", "amount"),
    Column("BUSRELTYPEID.TYPEDESCRIPTION", "DESCRIZIONE:", "DESCRIPTION:"),
    Column("BUSRELTYPEID.TYPEID", "TYPE:", "TYPE:"),
    Column("EXTERNALACCOUNTNUM", "NUMERO DI CONTO ESTERNO", "EXTERNAL ACCOUNT NUMBER"),
    Column("OURACCOUNTNUM", "IL NOSTRO NUMERO DI CONTO", "OUR ACCOUNT NUMBER"),
    Column("EXCLUSIVACTIVE", "ESCLUSIVA ATTIVA (GIORNI)", "EXCLUSIVE ACTIVE (DAYS)", "int", visible=False),
    Column("EXCLUSIVPERIODEND", "FINE PERIODO ESCLUSIVA", "EXCLUSIVE PERIOD END", "date", visible=False),
    Column("EXCLUSIVPERIODSTART", "INIZIO PERIODO ESCLUSIVA", "EXCLUSIVE PERIOD START", "date", visible=False),
    Column(
        "EXCLUSIVSALESFORECAST", "PREVISIONE VENDITE ESCLUSIVA", "EXCLUSIVE SALES FORECAST", "amount", visible=False
    ),
    Column("EXCLUSIVSALESINPERIOD", "VENDITE NEL PERIODO", "SALES IN PERIOD", "amount", visible=False),
    Column("MECHANOGRAPHICNUMBER", "NUMERO MECCANOGRAFICO", "MECHANOGRAPHIC NUMBER", visible=False),
)

CUSTOMERS = ListView(
    name="customers",
    path="CUSTTABLE_ListView_Agent",
    it="Clienti",
    en="Customers",
    record="CUSTTABLE",
    columns=_CUSTOMERS,
    system=_SELECT_EDIT,
    sort=(("NAME", "ASC"),),
    menu=(
        MenuItem(0, "new", "Nuovo", "New", writes=True),
        MenuItem(1, "delete", "Elimina", "Delete", writes=True),
        MenuItem(2, "edit", "Modifica", "Edit", writes=True),
        MenuItem(4, "refresh", "Aggiorna", "Refresh"),
        MenuItem(5, "reset", "Ripristina impostazioni vista", "Reset View Settings"),
        MenuItem(6, "export", "Esportare in", "Export to"),
    ),
    options=(
        FilterOption("All_Customers", "Tutti i clienti", "All customers"),
        FilterOption("Exclusive_Customers", "Clienti esclusivi", "Exclusive customers"),
        FilterOption("Free_Customers", "Clienti liberi", "Free customers"),
    ),
    default_option="All_Customers",
    combo=7,
    view_combo=3,
    detail="CUSTTABLE_DetailView",
    definition_order=_definition_order(_CUSTOMERS, 2, {}),
)

# --- orders -----------------------------------------------------------------------------------------------------------

_ORDERS = (
    Column("ID", "ID", "ID", "id"),
    Column("SALESID", "ID DI VENDITA", "SALES ID"),
    Column("CUSTACCOUNT", "PROFILO CLIENTE:", "CUSTOMER ACCOUNT:"),
    Column("SALESNAME", "NOME VENDITE:", "SALES NAME:"),
    Column("DELIVERYNAME", "NOME DI CONSEGNA", "DELIVERY NAME"),
    Column("DLVADDRESS", "INDIRIZZO DI CONSEGNA", "DELIVERY ADDRESS"),
    Column("CREATEDDATETIME", "DATA DI CREAZIONE", "CREATION DATE", "datetime"),
    Column("DELIVERYDATE", "DATA DI CONSEGNA", "DELIVERY DATE", "date"),
    Column("PURCHORDERFORMNUM", "RIMANI VENDITE FINANZIARIE", "REMAIN SALES FINANCIAL"),
    Column("CUSTOMERREF", "RIFERIMENTO CLIENTE", "CUSTOMER REFERENCE"),
    Column("SALESSTATUS", "STATO DELLE VENDITE", "SALES STATUS", "enum", nested=True),
    Column("SALESTYPE", "TIPO DI ORDINE", "ORDER TYPE", "enum", nested=True),
    Column("DOCUMENTSTATUS", "STATO DEL DOCUMENTO", "DOCUMENT STATUS", "enum", nested=True),
    Column("SALESORIGINID.DESCRIPTION", "ORIGINE VENDITE:", "SALES ORIGIN:"),
    Column("TRANSFERSTATUS", "STATO DEL TRASFERIMENTO", "TRANSFER STATUS", "enum", nested=True),
    Column("TRANSFERREDDATE", "DATA DI TRASFERIMENTO", "TRANSFER DATE", "date"),
    Column("COMPLETEDDATE", "DATA DI COMPLETAMENTO", "COMPLETION DATE", "date"),
    Column("QUOTE", "PREVENTIVO:", "QUOTE:", "bool", nested=True),
    Column("MANUALDISCOUNT", "APPLICA SCONTO %:", "APPLY DISCOUNT %:", "percent"),
    Column("GROSSAMOUNT", "IMPORTO LORDO:", "GROSS AMOUNT:", "amount"),
    Column("AmountTotal", "IMPORTO TOTALE", "TOTAL AMOUNT", "amount"),
    Column("SAMPLEORDER", "ORDINE OMAGGIO:", "SAMPLE ORDER:", "bool", nested=True),
    Column("EMAIL", "E-MAIL", "E-MAIL"),
    Column("MODIFIEDDATETIME", "CITTÀ DI FATTURAZIONE", "INVOICE CITY", "datetime", visible=False),
    Column("TEXTINTERNAL", "TESTO INTERNO", "INTERNAL TEXT", visible=False),
    Column("TEXTEXTERNAL", "TESTO ESTERNO", "EXTERNAL TEXT", visible=False),
    Column("VATNUM", "PARTITA IVA:", "VAT NUMBER:", visible=False),
    Column("DLVMODE.TXT", "MODALITÀ DI CONSEGNA", "DELIVERY MODE", visible=False),
    Column("DLVCITY", "CITTÀ DI CONSEGNA", "DELIVERY CITY", visible=False),
    Column("DLVSTREET", "VIA DI CONSEGNA", "DELIVERY STREET", visible=False),
    Column("DLVZIPCODE", "CAP DI CONSEGNA", "DELIVERY ZIP CODE", visible=False),
    Column("PRICEGROUPID", "GRUPPO PREZZI", "PRICE GROUP", visible=False),
    Column("DISCPERCENT", "SCONTO %", "DISCOUNT %", "percent", visible=False),
    Column("LINEDISC", "SCONTO LINEA", "LINE DISCOUNT", visible=False),
    Column("DATAAREAID", "DATAAREAID", "DATAAREAID", visible=False),
    Column("CREATEDBY", "CREATO DA", "CREATED BY", visible=False),
    Column("CUSTTABLE.EXTERNALACCOUNTNUM", "NUMERO DI CONTO ESTERNO", "EXTERNAL ACCOUNT NUMBER", visible=False),
    *_hidden(
        "CASHDISC", "CASHDISCPERCENT", "CONTACTPERSONID", "CURRENCYCODE", "CUSTGROUP", "DEADLINE", "DELIVERYCOUNTRY",
        "DLVSTATE", "DLVTERM.TXT", "ENDDISC", "ESTIMATE", "FREIGHTSLIPTYPE", "INVOICEACCOUNT", "INVSTREET",
        "INVZIPCODE", "LANGUAGEID", "MODIFIEDBY", "NUMBERSEQUENCEGROUP", "ONETIMECUSTOMER", "PAYMENT", "PAYMENTSCHED",
        "PAYMMODE", "RECEIPTDATEREQUESTED", "SALESGROUP", "SHIPPINGDATECONFIRMED", "TAXGROUP",
    ),
)  # fmt: skip

ORDERS = ListView(
    name="orders",
    path="SALESTABLE_ListView_Agent",
    it="Ordini",
    en="Orders",
    record="SALESTABLE",
    columns=_ORDERS,
    system=_SELECT_EDIT,
    sort=(("ID", "DSC"),),
    menu=(
        MenuItem(0, "new", "Nuovo", "New", writes=True),
        MenuItem(1, "delete", "Elimina", "Delete", writes=True),
        MenuItem(2, "edit", "Modifica", "Edit", writes=True),
        MenuItem(3, "copy", "copia ordine", "copy order", writes=True),
        MenuItem(4, "send", "invia ordine/i", "send order(s)", writes=True),
        MenuItem(5, "refresh", "Aggiorna", "Refresh"),
        MenuItem(6, "reset", "Ripristina impostazioni vista", "Reset View Settings"),
        MenuItem(7, "export", "Esportare in", "Export to"),
    ),
    options=(
        FilterOption("ListViewSalesTableOrdersAll", "Tutti gli ordini", "All orders"),
        FilterOption("ListViewSalesTableOrdersToday", "Ordini odierni", "Today's orders"),
        FilterOption("ListViewSalesTableOrdersThisWeek", "Ordini di questa settimana", "Orders of this week"),
        FilterOption("ListViewSalesTableOrdersThisMonth", "Ordini di questo mese", "Orders of this month"),
        FilterOption("ListViewSalesTableOrdersEntered", "Ordini inseriti", "Entered orders"),
        FilterOption("ListViewSalesTableOrdersCompleted", "Ordini completati", "Completed orders"),
        FilterOption(
            "ListViewSalesTableOrdersAwaiting", "Ordini in attesa di approvazione", "Orders awaiting approval"
        ),
    ),
    default_option="ListViewSalesTableOrdersAll",
    combo=8,
    set_value_navigates=True,
    footer=(("ID", "count"),),
    detail="SALESTABLE_DetailViewAgent",
    definition_order=_definition_order(_ORDERS, 2, {"MODIFIEDDATETIME": 47}),
)

# --- delivery notes ---------------------------------------------------------------------------------------------------

_DDT = (
    Column("InvoicePDF.FileName", "PDF DDT", "DDT PDF", "file", nested=True),
    Column("ID", "ID", "ID", "id"),
    Column("PACKINGSLIPID", "DOCUMENTO DI TRASPORTO:", "PACKING SLIP:"),
    Column("DELIVERYDATE", "DATA DI CONSEGNA", "DELIVERY DATE", "date"),
    Column("SALESID", "ID DI VENDITA", "SALES ID"),
    Column("ORDERACCOUNT", "CONTO DELL'ORDINE", "ORDER ACCOUNT"),
    Column("SALESTABLE.SALESNAME", "NOME VENDITE:", "SALES NAME:"),
    Column("DELIVERYNAME", "NOME DI CONSEGNA", "DELIVERY NAME"),
    Column("DLVADDRESS", "NOME DI CONSEGNA", "DELIVERY NAME"),
    Column("QTY", "TOTALE", "TOTAL", "int"),
    Column("CUSTOMERREF", "RIFERIMENTO CLIENTE", "CUSTOMER REFERENCE"),
    Column("PURCHASEORDER", "DESCRIZIONE:", "DESCRIPTION:"),
    Column("BRASTRACKINGNUMBER", "NUMERO DI TRACCIABILITÀ", "TRACKING NUMBER", "link", nested=True),
    Column("DLVTERM.TXT", "TERMINI DI CONSEGNA:", "DELIVERY TERMS:", nested=True),
    Column("DLVMODE.TXT", "MODALITÀ DI CONSEGNA", "DELIVERY MODE", nested=True),
    Column("BRASCRMATTENTIONTO", "ALL'ATTENZIONE DI:", "ATTENTION TO:"),
    Column("DLVEMAIL", "CITTÀ DI CONSEGNA", "DELIVERY CITY"),
    Column("DLVCITY", "CITTÀ DI CONSEGNA", "DELIVERY CITY", visible=False),
    Column("DLVSTREET", "VIA DI CONSEGNA", "DELIVERY STREET", visible=False),
    Column("DLVZIPCODE", "CAP DI CONSEGNA", "DELIVERY ZIP CODE", visible=False),
    Column("SALESTABLE.ID", "ID ORDINE", "ORDER ID", "id", visible=False),
    Column("CREATEDDATETIME", "DATA DI CREAZIONE", "CREATION DATE", "datetime", visible=False),
    Column("MODIFIEDDATETIME", "DATETIME MODIFICATO", "MODIFIED DATETIME", "datetime", visible=False),
    *_hidden(
        "COUNTRYREGIONID", "CREATEDBY", "DATAAREAID", "DLVSTATE", "FREIGHTSLIPTYPE", "INVOICEACCOUNT", "LANGUAGEID",
        "MODIFIEDBY", "VOLUME", "WEIGHT",
    ),
)  # fmt: skip

DDT = ListView(
    name="ddt",
    path="CUSTPACKINGSLIPJOUR_ListView",
    it="Documenti di trasporto",
    en="Packing slip journal",
    record="CUSTPACKINGSLIPJOUR",
    columns=_DDT,
    system=_SELECT,
    sort=(("DELIVERYDATE", "DSC"),),
    menu=(
        MenuItem(0, "pdf", "Scarica PDF", "Download PDF"),
        MenuItem(1, "refresh", "Aggiorna", "Refresh"),
        MenuItem(2, "reset", "Ripristina impostazioni vista", "Reset View Settings"),
        MenuItem(3, "export", "Esportare in", "Export to"),
    ),
    options=(
        FilterOption("ListViewPackingSlipsToday", "Oggi", "Today"),
        FilterOption("ListViewPackingSlipsThisWeek", "Questa settimana", "This week"),
        FilterOption("ListViewPackingSlipsThisMonth", "Questo mese", "This month"),
        FilterOption("ListViewPackingSlipsLast3Month", "Ultimi 3 mesi", "Last 3 Month"),
        FilterOption("ListViewPackingSlipsAll", "Tutti", "All"),
    ),
    default_option="ListViewPackingSlipsThisMonth",
    combo=4,
    click_only=True,
    empty_first=True,
    footer=(("ID", "count"),),
    definition_order=_definition_order(_DDT, 1, {"MODIFIEDDATETIME": 24}),
)

# --- invoices ---------------------------------------------------------------------------------------------------------

_INVOICES = (
    Column("InvoicePDF.FileName", "FATTURA PDF", "INVOICE PDF", "file", nested=True),
    Column("INVOICEID", "ID FATTURA", "INVOICE ID"),
    Column("INVOICEDATE", "DATA FATTURA", "INVOICE DATE", "date"),
    Column("INVOICEACCOUNT", "CONTO FATTURE", "INVOICE ACCOUNT"),
    Column("INVOICINGNAME", "NOME DI FATTURAZIONE", "INVOICING NAME"),
    Column("QTY", "QUANTITÀ", "QUANTITY", "int"),
    Column("SALESBALANCEMST", "SALDO VENDITE MST", "SALES BALANCE MST", "amount"),
    Column("SUMLINEDISCMST", "SOMMA LINEA SCONTO MST", "SUM LINE DISCOUNT MST", "amount"),
    Column("ENDDISCMST", "SCONTO TOTALE:", "TOTAL DISCOUNT:", "amount"),
    Column("SUMTAXMST", "SOMMA FISCALE MST", "SUM TAX MST", "amount"),
    Column("INVOICEAMOUNTMST", "IMPORTO FATTURA MST", "INVOICE AMOUNT MST", "amount"),
    Column("PURCHASEORDER", "ORDINE DI ACQUISTO", "PURCHASE ORDER"),
    Column("CUSTOMERREF", "RIFERIMENTO CLIENTE", "CUSTOMER REFERENCE"),
    Column("DUEDATE", "SCADENZA", "DUE DATE", "date"),
    Column("PAYMTERMID.DESCRIPTION", "ID TERMINE DI PAGAMENTO", "PAYMENT TERM ID"),
    Column("OVERDUEDAYS", "OLTRE I GIORNI DI SCADENZA", "OVERDUE DAYS", "int"),
    Column("SETTLEAMOUNTMST", "LIQUIDA IMPORTO MST", "SETTLE AMOUNT MST", "amount"),
    Column("LASTSETTLEVOUCHER", "IDENTIFICATIVO ULTIMO PAGAMENTO:", "LAST SETTLE VOUCHER:"),
    Column("LASTSETTLEDATE", "DATA DI ULTIMA LIQUIDAZIONE", "LAST SETTLE DATE", "date"),
    Column("CLOSED", "CHIUSO", "CLOSED", "bool", nested=True),
    Column("REMAINAMOUNTMST", "IMPORTO RIMANENTE MST", "REMAIN AMOUNT MST", "amount"),
    Column("SALESID", "ID VENDITE", "SALES ID"),
    Column("ID", "ID", "ID", "id", visible=False),
    Column("DATAAREAID", "DATAAREAID", "DATAAREAID", visible=False),
    Column("ORDERACCOUNT", "CONTO DELL'ORDINE", "ORDER ACCOUNT", visible=False),
    Column("INVADDRESS", "INDIRIZZO DI FATTURAZIONE", "INVOICE ADDRESS", visible=False),
    Column("INVCITY", "CITTÀ DI FATTURAZIONE", "INVOICE CITY", visible=False),
    Column("INVSTREET", "VIA DI FATTURAZIONE", "INVOICE STREET", visible=False),
    Column("DELIVERYNAME", "NOME DI CONSEGNA", "DELIVERY NAME", visible=False),
    Column("MODIFIEDDATETIME", "DATETIME MODIFICATO", "MODIFIED DATETIME", "datetime", visible=False),
    *_hidden(
        "BACKORDER", "CASHDISC", "CASHDISCDATE", "COUNTRYREGIONID", "CREATEDBY", "CREATEDDATETIME", "CURRENCYCODE",
        "DLVTERM.TXT", "EXCHRATE", "INVZIPCODE", "LANGUAGEID", "LEDGERVOUCHER", "MODIFIEDBY", "PAYMENTSCHED",
        "PAYMID", "SALESTYPE", "SUMMARKUPMST",
    ),
)  # fmt: skip

INVOICES = ListView(
    name="invoices",
    path="CUSTINVOICEJOUR_ListView",
    it="Fatture",
    en="Customer invoice journal",
    record="CUSTINVOICEJOUR",
    columns=_INVOICES,
    system=_SELECT,
    sort=(("INVOICEDATE", "DSC"),),
    menu=DDT.menu,
    options=(
        FilterOption("Last_3_Month", "Ultimi 3 mesi", "Last 3 Month"),
        FilterOption("Open_invoices", "Fatture aperte", "Open invoices"),
        FilterOption("Overdue_invoices", "Fatture scadute", "Overdue invoices"),
        FilterOption("All_invoices", "Tutti", "All"),
    ),
    default_option="Last_3_Month",
    combo=4,
    click_only=True,
    empty_first=True,
    footer=(("QTY", "sum"), ("SALESBALANCEMST", "sum")),
    definition_order=_definition_order(_INVOICES, 1, {"MODIFIEDDATETIME": 31}),
)

# --- products ---------------------------------------------------------------------------------------------------------

_PRODUCTS = (
    Column("ITEMID", "ID ARTICOLO", "ITEM ID"),
    Column("NAME", "NOME ARTICOLO:", "ITEM NAME:"),
    Column("DESCRIPTION", "DESCRIZIONE", "DESCRIPTION"),
    Column("PRODUCTGROUPID.ID", "GRUPPO ARTICOLO:", "ITEM GROUP:"),
    Column("ImageCalc", "IMMAGINE:", "IMAGE:"),
    Column("BRASPACKINGCONTENTS", "CONTENUTO DELL'IMBALLAGGIO", "PACKING CONTENTS"),
    Column("SEARCHNAME", "NOME DELLA RICERCA", "SEARCH NAME"),
    Column("PRICEUNIT", "UNITÀ DI PREZZO:", "PRICE UNIT:", "qty"),
    Column("PRODUCTGROUPID.PRODUCTGROUPID", "ID GRUPPO DI PRODOTTI", "PRODUCT GROUP ID"),
    Column("PRODUCTGROUPID.PRODUCTGROUP1", "DESCRIZIONE GRUPPO ARTICOLO:", "ITEM GROUP DESCRIPTION:"),
    Column("LOWESTQTY", "QTÀ MINIMA:", "LOWEST QTY:", "qty"),
    Column("MULTIPLEQTY", "QTÀ MULTIPLI:", "MULTIPLE QTY:", "qty"),
    Column("HIGHESTQTY", "QTÀ MASSIMA:", "HIGHEST QTY:", "qty"),
    Column("BRASFIGURE", "FIGURA:", "FIGURE:"),
    Column("BRASITEMIDBULK", "ID IN BLOCCO DELL'ARTICOLO", "ITEM ID BULK", visible=False),
    Column("BRASPACKAGEEXPERTS", "PACCO", "PACKAGE", visible=False),
    Column("BRASSHANK", "GAMBA", "SHANK", visible=False),
    Column("BRASSIZE", "GRANDEZZA", "SIZE", visible=False),
    Column("CONFIGID", "ID DI CONFIGURAZIONE", "CONFIG ID", visible=False),
    Column("CREATEDBY", "CREATO DA", "CREATED BY", visible=False),
    Column("CREATEDDATETIME", "DATA CREATA", "CREATED DATE", "datetime", visible=False),
    Column("DATAAREAID", "DATAAREAID", "DATAAREAID"),
    Column("DEFAULTSALESQTY", "QTÀ PREDEFINITA", "DEFAULT QTY", "qty", visible=False),
    Column("DISPLAYPRODUCTNUMBER", "VISUALIZZA IL NUMERO DI PRODOTTO", "DISPLAY PRODUCT NUMBER", visible=False),
    Column("ENDDISC", "SCONTO ASSOLUTO TOTALE", "END DISCOUNT", "bool", visible=False, nested=True),
    Column("ID", "ID", "ID", "id"),
    Column("LINEDISC.ID", "SCONTO LINEA", "LINE DISCOUNT", visible=False),
    Column("MODIFIEDBY", "MODIFICATO DA", "MODIFIED BY", visible=False),
    Column("MODIFIEDDATETIME", "DATETIME MODIFICATO", "MODIFIED DATETIME", "datetime"),
    Column("ORDERITEM", "ARTICOLO ORDINABILE:", "ORDERABLE ITEM:", "bool", visible=False, nested=True),
    Column("PURCHPRICEPCS", "PURCH PRICE PCS", "PURCH PRICE PCS", "amount", visible=False),
    Column("STANDARDCONFIGID", "ID DI CONFIGURAZIONE STANDARD", "STANDARD CONFIG ID", visible=False),
    Column("STANDARDQTY", "QTÀ STANDARD", "STANDARD QTY", "qty", visible=False),
    Column("STOPPED", "FERMATO", "STOPPED", "bool", nested=True),
    Column("UNITID", "ID UNITÀ", "UNIT ID", visible=False),
    Column("TAXITEMGROUPID", "TAXITEMGROUPID", "TAXITEMGROUPID", visible=False),
)

PRODUCTS = ListView(
    name="products",
    path="INVENTTABLE_ListView",
    it="Prodotti",
    en="Products",
    record="INVENTTABLE",
    columns=_PRODUCTS,
    system=_SELECT_EDIT,
    sort=(("ITEMID", "ASC"),),
    menu=(
        MenuItem(1, "refresh", "Aggiorna", "Refresh"),
        MenuItem(2, "reset", "Ripristina impostazioni vista", "Reset View Settings"),
        MenuItem(3, "export", "Esportare in", "Export to"),
    ),
    shared=True,
    definition_order=_definition_order(_PRODUCTS, 2, {}),
)

# --- prices -----------------------------------------------------------------------------------------------------------

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
    Column("BRASNETPRICE", "PREZZO NETTO DEMO", "NET PRICE DEMO", "bool", nested=True),
    Column("PERCENT1", "PERCENTUALE 1", "PERCENT 1", "percent", visible=False),
    Column("PERCENT2", "PERCENTUALE 2", "PERCENT 2", "percent", visible=False),
    Column("ITEMCODE", "CODICE ARTICOLO", "ITEM CODE", visible=False),
    Column("RELATION", "RELAZIONE", "RELATION", visible=False),
    Column("MODULE1", "MODULO", "MODULE", visible=False),
    Column("UNITID", "ID UNITÀ", "UNIT ID", visible=False),
    Column("MODIFIEDDATETIME", "DATETIME MODIFICATO", "MODIFIED DATETIME", "datetime", visible=False),
    Column("DATAAREAID", "DATAAREAID", "DATAAREAID", visible=False),
    *_hidden(
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
    system=_SELECT_EDIT,
    sort=(("ID", "ASC"),),
    menu=PRODUCTS.menu,
    options=(
        FilterOption("ActivePrices", "Prezzi attivi", "Active prices"),
        FilterOption("BlockedPrices", "Prezzi bloccati", "Blocked prices"),
    ),
    default_option="ActivePrices",
    combo=4,
    shared=True,
    definition_order=_definition_order(_PRICES, 2, {"MODIFIEDDATETIME": 31}),
)

LISTS: dict[str, ListView] = {view.name: view for view in (CUSTOMERS, ORDERS, DDT, INVOICES, PRODUCTS, PRICES)}
"""The six list views by their short name."""

BY_PATH: dict[str, ListView] = {view.path: view for view in LISTS.values()}
"""The same by the URL's last part."""

SIDEBAR: tuple[tuple[str, str, str, str], ...] = (
    ("AGENT", "Announcements_ListView", "Annunci", "Announcements"),
    ("AGENT", "CUSTTABLE_ListView_Agent", "Clienti", "Customers"),
    ("AGENT", "CUSTTABLE_ListView_RoadMap", "Mappa clienti", "Customer map"),
    ("AGENT", "CustomerConsent_ListViewAgent", "Consenso del cliente", "Customer consent"),
    ("AGENT", "SALESTABLE_ListView_Agent", "Ordini", "Orders"),
    ("AGENT", "CUSTPACKINGSLIPJOUR_ListView", "Documenti di trasporto", "Packing slip journal"),
    ("AGENT", "CUSTINVOICEJOUR_ListView", "Fatture", "Customer invoice journal"),
    ("MASTER DATA", "INVENTTABLE_ListView", "Prodotti", "Products"),
    ("MASTER DATA", "PRICEDISCTABLE_ListView", "Tabella prezzi", "Price table"),
    ("MASTER DATA", "PRICEDISCTABLE_ListViewLineDisc", "Sconti linea", "Line discounts"),
)
"""Group, path, Italian and English caption of each sidebar link."""

ENUMS: dict[str, tuple[str, str]] = {
    "open": ("Ordine aperto", "Open order"),
    "delivered": ("Consegnato", "Delivered"),
    "invoiced": ("Fatturato", "Invoiced"),
    "completed": ("Ordine completato", "Completed order"),
    "none": ("Nessuno", "None"),
    "packing-slip": ("Documento di trasporto", "Packing slip"),
    "invoice": ("Fattura:", "Invoice"),
    "transferred": ("Trasferito", "Transferred"),
    "awaiting": ("In attesa di approvazione", "Awaiting approval"),
    "edit": ("Modifica", "Edit"),
    "error": ("Errore", "Error"),
    "sales-order": ("Ordine di vendita", "Sales order"),
    "journal": ("Giornale", "Journal"),
}
"""Enum codes of the world with their Italian and English text (docs/erp.md, orders: values)."""
