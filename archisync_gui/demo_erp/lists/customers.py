"""The list of customers: its columns, toolbar and preset filter, typed from docs/erp.md."""

from __future__ import annotations

from archisync_gui.demo_erp.lists.view import SELECT_EDIT, Column, FilterOption, ListView, MenuItem, definition_order

_CUSTOMERS = (
    Column("ID", "ID", "ID", "id"),
    Column("ACCOUNTNUM", "PROFILO CLIENTE:", "CUSTOMER ACCOUNT:"),
    Column("NAME", "NOME", "NAME"),
    Column("VATNUM", "PARTITA IVA:", "VAT NUMBER:"),
    Column("LEGALEMAIL", "PEC:", "PEC:"),
    Column("LEGALAUTHORITY", "SDI:", "SDI:"),
    Column("FISCALCODE", "CODICE FISCALE:", "FISCAL CODE:"),
    Column("DLVMODE.TXT", "TERMINI DI CONSEGNA", "DELIVERY TERMS", detail="DLVMODE"),
    Column("STREET", "VIA:", "STREET:"),
    Column(
        "LOGISTICSADDRESSZIPCODE.ZIPCODE",
        "INDIRIZZO LOGISTICO CAP",
        "LOGISTICS ADDRESS ZIP CODE",
        detail="LOGISTICSADDRESSZIPCODE",
    ),
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
    Column("BUSRELTYPEID.TYPEDESCRIPTION", "DESCRIZIONE:", "DESCRIPTION:", detail="BUSRELTYPEID"),
    Column("BUSRELTYPEID.TYPEID", "TYPE:", "TYPE:", visible=False, detail=""),
    Column("EXTERNALACCOUNTNUM", "NUMERO DI CONTO ESTERNO", "EXTERNAL ACCOUNT NUMBER", visible=False),
    Column("OURACCOUNTNUM", "IL NOSTRO NUMERO DI CONTO", "OUR ACCOUNT NUMBER", visible=False),
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
    system=SELECT_EDIT,
    sort=(("NAME", "ASC"),),
    menu=(
        MenuItem(0, "new", "Nuovo", "New", writes=True),
        MenuItem(1, "edit", "Modifica", "Edit", writes=True),
        MenuItem(2, "refresh", "Aggiorna", "Refresh"),
        MenuItem(3, "reset", "Ripristina impostazioni vista", "Reset View Settings"),
        MenuItem(5, "message", "Invia messaggio", "Send message", writes=True),
        MenuItem(6, "export", "Esportare in", "Export to"),
    ),
    options=(
        FilterOption("All_Customers", "Tutti i clienti", "All customers"),
        FilterOption("Exclusiv_customers", "Clienti esclusivi", "Exclusive customers"),
        FilterOption("Free_customers", "Clienti liberi", "Free customers"),
    ),
    default_option="All_Customers",
    whole_option="All_Customers",
    combo=7,
    view_combo=4,
    overflow=8,
    detail="CUSTTABLE_DetailView",
    definition_order=definition_order(_CUSTOMERS, 2, {}),
)
