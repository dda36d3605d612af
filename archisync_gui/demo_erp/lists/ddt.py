"""The list of delivery notes: its columns, toolbar and preset filter, typed from docs/erp.md."""

from __future__ import annotations

from archisync_gui.demo_erp.lists.view import SELECT, Column, FilterOption, ListView, MenuItem, definition_order, hidden

_DDT = (
    Column("InvoicePDF.FileName", "PDF DDT", "DDT PDF", "file", nested=True),
    Column("ID", "ID", "ID", "id", visible=False),
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
    *hidden(
        "COUNTRYREGIONID", "CREATEDBY", "DATAAREAID", "DLVSTATE", "FREIGHTSLIPTYPE", "INVOICEACCOUNT", "LANGUAGEID",
        "MODIFIEDBY", "VOLUME", "WEIGHT",
    ),
)  # fmt: skip

MENU = (
    MenuItem(0, "pdf", "Scarica PDF", "Download PDF"),
    MenuItem(1, "refresh", "Aggiorna", "Refresh"),
    MenuItem(2, "reset", "Ripristina impostazioni vista", "Reset View Settings"),
    MenuItem(3, "export", "Esportare in", "Export to"),
)
"""The toolbar of delivery notes and invoices."""

DDT = ListView(
    name="ddt",
    path="CUSTPACKINGSLIPJOUR_ListView",
    it="Documenti di trasporto",
    en="Packing slip journal",
    record="CUSTPACKINGSLIPJOUR",
    columns=_DDT,
    system=SELECT,
    sort=(("DELIVERYDATE", "DSC"),),
    menu=MENU,
    options=(
        FilterOption("ListViewPackingSlipsPackingSlipsToday", "Oggi", "Today"),
        FilterOption("ListViewPackingSlipsPackingSlipsThisWeek", "Questa settimana", "This week"),
        FilterOption("ListViewPackingSlipsPackingSlipsThisMonth", "Questo mese", "This month"),
        FilterOption("ListViewPackingSlipsPackingSlipsLast3Month", "Ultimi 3 mesi", "Last 3 Month"),
        FilterOption("ListViewPackingSlipsAll", "Tutti", "All"),
    ),
    default_option="ListViewPackingSlipsPackingSlipsThisMonth",
    whole_option="ListViewPackingSlipsAll",
    combo=4,
    overflow=5,
    footer=(("PACKINGSLIPID", "count"),),
    definition_order=definition_order(_DDT, 1, {"MODIFIEDDATETIME": 24}),
)
