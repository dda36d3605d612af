"""Orders: the agent's sales orders, drafts included (``docs/erp.md``, Orders)."""

from archisync_gui.entities.declaration import Column, Entity, FilterWish, Garbage, Kind
from archisync_gui.model import SyncTypeSpec

SALES_STATUS = {
    "ordine aperto": "open",
    "open order": "open",
    "consegnato": "delivered",
    "delivered": "delivered",
    "fatturato": "invoiced",
    "invoiced": "invoiced",
    "ordine completato": "completed",
    "completed order": "completed",
}
DOCUMENT_STATUS = {
    "nessuno": "none",
    "none": "none",
    "documento di trasporto": "packing-slip",
    "packing slip": "packing-slip",
    "fattura": "invoice",
    "invoice": "invoice",
}
TRANSFER_STATUS = {
    "trasferito": "transferred",
    "transferred": "transferred",
    "in attesa di approvazione": "awaiting",
    "awaiting approval": "awaiting",
    "modifica": "edit",
    "edit": "edit",
    "errore": "error",
    "error": "error",
}
SALES_TYPE = {
    "ordine di vendita": "order",
    "sales order": "order",
    "giornale": "draft",
    "journal": "draft",
}

ORDERS = Entity(
    spec=SyncTypeSpec("orders", priority=6, interval=10, stagger=0),
    it="Ordini",
    en="Orders",
    path="SALESTABLE_ListView_Agent/",
    columns=(
        Column("ID", "id", "ID", "ID", Kind.ID),
        Column("SALESID", "order_number", "ID DI VENDITA", "Order number", title_it="Numero ordine"),
        Column("CUSTACCOUNT", "customer_account", "PROFILO CLIENTE:", "Customer account"),
        Column("SALESNAME", "customer_name", "NOME VENDITE:", "Customer", personal=True, title_it="Cliente"),
        Column("DELIVERYNAME", "delivery_name", "NOME DI CONSEGNA", "Delivery name", personal=True),
        Column(
            "DLVADDRESS", "delivery_address", "INDIRIZZO DI CONSEGNA", "Delivery address", Kind.LINES, personal=True
        ),
        Column("CREATEDDATETIME", "created_at", "DATA DI CREAZIONE", "Created", Kind.DATETIME),
        Column("DELIVERYDATE", "delivery_date", "DATA DI CONSEGNA", "Delivery date", Kind.DATE),
        Column(
            "PURCHORDERFORMNUM",
            "description",
            "RIMANI VENDITE FINANZIARIE",
            "Description",
            title_it="Descrizione ordine",
        ),
        Column("CUSTOMERREF", "customer_reference", "RIFERIMENTO CLIENTE", "Customer reference"),
        Column("SALESSTATUS", "sales_status", "STATO DELLE VENDITE", "Sales status", Kind.ENUM, words=SALES_STATUS),
        Column("SALESTYPE", "sales_type", "TIPO DI ORDINE", "Order type", Kind.ENUM, words=SALES_TYPE),
        Column(
            "DOCUMENTSTATUS",
            "document_status",
            "STATO DEL DOCUMENTO",
            "Document status",
            Kind.ENUM,
            words=DOCUMENT_STATUS,
        ),
        Column("SALESORIGINID.DESCRIPTION", "origin", "ORIGINE VENDITE:", "Sales origin"),
        Column(
            "TRANSFERSTATUS",
            "transfer_status",
            "STATO DEL TRASFERIMENTO",
            "Transfer status",
            Kind.ENUM,
            words=TRANSFER_STATUS,
        ),
        Column("TRANSFERREDDATE", "transferred_on", "DATA DI TRASFERIMENTO", "Transferred on", Kind.DATE),
        Column("COMPLETEDDATE", "completed_on", "DATA DI COMPLETAMENTO", "Completed on", Kind.DATE),
        Column("QUOTE", "is_quote", "PREVENTIVO:", "Quote", Kind.BOOL),
        Column("MANUALDISCOUNT", "discount_percent", "APPLICA SCONTO %:", "Discount %", Kind.PERCENT),
        Column("GROSSAMOUNT", "gross_amount", "IMPORTO LORDO:", "Gross amount", Kind.MONEY, sticky=True),
        # Mixed case in the ERP.
        Column("AmountTotal", "total_amount", "IMPORTO TOTALE", "Total amount", Kind.MONEY, sticky=True),
        Column("SAMPLEORDER", "is_gift", "ORDINE OMAGGIO:", "Gift order", Kind.BOOL),
        Column("EMAIL", "email", "E-MAIL", "E-mail", sticky=True, personal=True),
        Column("DLVMODE.TXT", "delivery_mode", "MODALITÀ DI CONSEGNA", "Delivery mode", optional=True, hidden=True),
        Column("DLVCITY", "delivery_city", "CITTÀ DI CONSEGNA", "Delivery city", optional=True, hidden=True),
        Column(
            "DLVSTREET",
            "delivery_street",
            "VIA DI CONSEGNA",
            "Delivery street",
            optional=True,
            hidden=True,
            personal=True,
        ),
        Column(
            "DLVZIPCODE", "delivery_postal_code", "CAP DI CONSEGNA", "Delivery postal code", optional=True, hidden=True
        ),
        Column("VATNUM", "vat_number", "PARTITA IVA:", "VAT number", optional=True, hidden=True, personal=True),
        Column("PRICEGROUPID", "price_group", "GRUPPO PREZZI", "Price group", optional=True, hidden=True),
        Column(
            "DISCPERCENT",
            "total_discount_percent",
            "SCONTO %",
            "Total discount %",
            Kind.PERCENT,
            optional=True,
            hidden=True,
        ),
        Column("LINEDISC", "line_discount_group", "SCONTO LINEA", "Line discount group", optional=True, hidden=True),
        Column("CREATEDBY", "created_by", "CREATO DA", "Created by", optional=True, hidden=True),
        Column(
            "CUSTTABLE.EXTERNALACCOUNTNUM",
            "external_account_num",
            "NUMERO DI CONTO ESTERNO",
            "External account",
            optional=True,
            hidden=True,
        ),
        Column("TEXTINTERNAL", "internal_note", "TESTO INTERNO", "Internal note", optional=True, hidden=True),
        Column("TEXTEXTERNAL", "external_note", "TESTO ESTERNO", "External note", optional=True, hidden=True),
        Column(
            "MODIFIEDDATETIME",
            "modified_at",
            "CITTÀ DI FATTURAZIONE",
            "Modified",
            Kind.DATETIME,
            optional=True,
            hidden=True,
            title_it="Modificato il",
        ),
    ),
    key=("id",),
    # Drafts have no number; the second of their creation tells them apart.
    natural_key=("order_number", "created_at", "customer_name"),
    filter=FilterWish("orders", ("ordersall",), ("Tutti gli ordini", "All orders")),
    garbage=(
        Garbage(
            "footer",
            "righe di riepilogo",
            "summary rows",
            lambda c: not c["id"].replace(".", "").replace(",", "").isdigit() and not c["customer_name"],
        ),
    ),
    title="order_number",
    choose_columns=True,
    search=("order_number", "customer_name", "customer_account", "description", "customer_reference"),
)
