"""Delivery notes (documenti di trasporto, DDT) with their tracking (``docs/erp.md``, Delivery notes)."""

from archisync_gui.entities.declaration import Column, Entity, FilterWish, Garbage, Kind
from archisync_gui.entities.tracking import courier_of, link_of, number_of
from archisync_gui.model import SyncTypeSpec

DDT = Entity(
    spec=SyncTypeSpec("ddt", priority=4, interval=45, stagger=20),
    it="DDT",
    en="Delivery notes",
    path="CUSTPACKINGSLIPJOUR_ListView/",
    columns=(
        Column("ID", "id", "ID", "ID", Kind.ID),
        Column("PACKINGSLIPID", "ddt_number", "DOCUMENTO DI TRASPORTO:", "Delivery note", title_it="Numero DDT"),
        Column("DELIVERYDATE", "delivery_date", "DATA DI CONSEGNA", "Delivery date", Kind.DATE),
        Column("SALESID", "order_number", "ID DI VENDITA", "Order number", title_it="Numero ordine"),
        Column("ORDERACCOUNT", "customer_account", "CONTO DELL'ORDINE", "Customer account", title_it="Profilo cliente"),
        Column("SALESTABLE.SALESNAME", "customer_name", "NOME VENDITE:", "Customer", personal=True, title_it="Cliente"),
        Column("DELIVERYNAME", "delivery_name", "NOME DI CONSEGNA", "Delivery name", personal=True),
        Column(
            "DLVADDRESS",
            "delivery_address",
            "NOME DI CONSEGNA",
            "Delivery address",
            Kind.LINES,
            personal=True,
            title_it="Indirizzo di consegna",
        ),
        Column("QTY", "quantity", "TOTALE", "Quantity", Kind.NUMBER, title_it="Quantità"),
        Column("CUSTOMERREF", "customer_reference", "RIFERIMENTO CLIENTE", "Customer reference"),
        Column("PURCHASEORDER", "description", "DESCRIZIONE:", "Description"),
        Column("BRASTRACKINGNUMBER", "tracking", "NUMERO DI TRACCIABILITÀ", "Tracking", sticky=True),
        Column(
            "BRASTRACKINGNUMBER",
            "courier",
            "NUMERO DI TRACCIABILITÀ",
            "Courier",
            sticky=True,
            part=courier_of,
            title_it="Corriere",
        ),
        Column(
            "BRASTRACKINGNUMBER",
            "tracking_number",
            "NUMERO DI TRACCIABILITÀ",
            "Tracking number",
            sticky=True,
            part=number_of,
            title_it="Numero di spedizione",
        ),
        Column(
            "BRASTRACKINGNUMBER",
            "tracking_link",
            "NUMERO DI TRACCIABILITÀ",
            "Tracking link",
            sticky=True,
            part=link_of,
            title_it="Link spedizione",
        ),
        Column("DLVTERM.TXT", "delivery_terms", "TERMINI DI CONSEGNA:", "Delivery terms"),
        Column("DLVMODE.TXT", "delivery_mode", "MODALITÀ DI CONSEGNA", "Delivery mode"),
        Column("BRASCRMATTENTIONTO", "attention_to", "ALL'ATTENZIONE DI:", "Attention", personal=True),
        Column("DLVEMAIL", "email", "CITTÀ DI CONSEGNA", "E-mail", sticky=True, personal=True, title_it="E-mail"),
        Column("DLVCITY", "delivery_city", "CITTÀ", "Delivery city", optional=True, hidden=True),
        Column("DLVSTREET", "delivery_street", "VIA", "Delivery street", optional=True, hidden=True, personal=True),
        Column("DLVZIPCODE", "delivery_postal_code", "CAP", "Delivery postal code", optional=True, hidden=True),
    ),
    key=("id",),
    natural_key=("ddt_number", "order_number", "delivery_date", "tracking"),
    filter=FilterWish(
        "packingslips",
        ("packingslipsall",),
        ("Tutti", "All"),
        click=True,
        detour=("Oggi", "Today"),
    ),
    garbage=(
        # References to back-orders: no document was issued.
        Garbage(
            "ghost",
            "righe senza numero di DDT né spedizione",
            "rows without delivery note number and tracking",
            lambda c: c["ddt_number"] in ("", "0") and not c["tracking"],
        ),
    ),
    title="ddt_number",
    choose_columns=True,
    search=("ddt_number", "order_number", "customer_name", "customer_account", "tracking"),
)
