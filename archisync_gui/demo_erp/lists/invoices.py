"""The list of invoices: its columns, toolbar and preset filter, typed from docs/erp.md."""

from __future__ import annotations

from archisync_gui.demo_erp.lists.ddt import MENU
from archisync_gui.demo_erp.lists.view import SELECT, Column, FilterOption, ListView, definition_order, hidden

_INVOICES = (
    Column("InvoicePDF.FileName", "FATTURA PDF", "INVOICE PDF", "file", nested=True),
    Column("INVOICEID", "ID FATTURA", "INVOICE ID"),
    Column("INVOICEDATE", "DATA FATTURA", "INVOICE DATE", "date"),
    Column("INVOICEACCOUNT", "CONTO FATTURE", "INVOICE ACCOUNT"),
    Column("INVOICINGNAME", "NOME DI FATTURAZIONE", "INVOICING NAME"),
    Column("QTY", "QUANTITÀ", "QUANTITY", "int"),
    Column("SALESBALANCEMST", "SALDO VENDITE MST", "SALES BALANCE MST", "number"),
    Column("SUMLINEDISCMST", "SOMMA LINEA SCONTO MST", "SUM LINE DISCOUNT MST", "number"),
    Column("ENDDISCMST", "SCONTO TOTALE:", "TOTAL DISCOUNT:", "number"),
    Column("SUMTAXMST", "SOMMA FISCALE MST", "SUM TAX MST", "number"),
    Column("INVOICEAMOUNTMST", "IMPORTO FATTURA MST", "INVOICE AMOUNT MST", "number"),
    Column("PURCHASEORDER", "ORDINE DI ACQUISTO", "PURCHASE ORDER"),
    Column("CUSTOMERREF", "RIFERIMENTO CLIENTE", "CUSTOMER REFERENCE"),
    Column("DUEDATE", "SCADENZA", "DUE DATE", "date"),
    Column("PAYMTERMID.DESCRIPTION", "ID TERMINE DI PAGAMENTO", "PAYMENT TERM ID"),
    Column("OVERDUEDAYS", "OLTRE I GIORNI DI SCADENZA", "OVERDUE DAYS", "int"),
    Column("SETTLEAMOUNTMST", "LIQUIDA IMPORTO MST", "SETTLE AMOUNT MST", "number"),
    Column("LASTSETTLEVOUCHER", "IDENTIFICATIVO ULTIMO PAGAMENTO:", "LAST SETTLE VOUCHER:"),
    Column("LASTSETTLEDATE", "DATA DI ULTIMA LIQUIDAZIONE", "LAST SETTLE DATE", "date"),
    Column("CLOSED", "CHIUSO", "CLOSED", "date"),
    Column("REMAINAMOUNTMST", "IMPORTO RIMANENTE MST", "REMAIN AMOUNT MST", "number"),
    Column("SALESID", "ID VENDITE", "SALES ID", visible=False),
    Column("ID", "ID", "ID", "id", visible=False),
    Column("DATAAREAID", "DATAAREAID", "DATAAREAID", visible=False),
    Column("ORDERACCOUNT", "CONTO DELL'ORDINE", "ORDER ACCOUNT", visible=False),
    Column("INVADDRESS", "INDIRIZZO DI FATTURAZIONE", "INVOICE ADDRESS", visible=False),
    Column("INVCITY", "CITTÀ DI FATTURAZIONE", "INVOICE CITY", visible=False),
    Column("INVSTREET", "VIA DI FATTURAZIONE", "INVOICE STREET", visible=False),
    Column("DELIVERYNAME", "NOME DI CONSEGNA", "DELIVERY NAME", visible=False),
    Column("MODIFIEDDATETIME", "DATETIME MODIFICATO", "MODIFIED DATETIME", "datetime", visible=False),
    *hidden(
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
    system=SELECT,
    sort=(("INVOICEDATE", "DSC"),),
    menu=MENU,
    options=(
        FilterOption("InvoicesLast3Month", "Ultimi 3 mesi", "Last 3 Month"),
        FilterOption("open_invoices", "Fatture aperte", "Open invoices"),
        FilterOption("OverDued", "Fatture scadute", "Overdue invoices"),
        FilterOption("All_invoices", "Tutti", "All"),
    ),
    default_option="InvoicesLast3Month",
    whole_option="All_invoices",
    combo=4,
    overflow=5,
    footer=(("QTY", "sum"), ("SALESBALANCEMST", "sum")),
    definition_order=definition_order(_INVOICES, 1, {"MODIFIEDDATETIME": 31}),
)
