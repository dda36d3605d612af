"""Invoices and credit notes (``docs/erp.md``, Invoices). The list shows no id, so the row key identifies them."""

from archisync_gui.entities.declaration import Column, Entity, FilterWish, Garbage, Kind
from archisync_gui.model import SyncTypeSpec

INVOICES = Entity(
    spec=SyncTypeSpec("invoices", priority=3, interval=30, stagger=15),
    it="Fatture",
    en="Invoices",
    path="CUSTINVOICEJOUR_ListView/",
    columns=(
        Column("ID", "erp_id", "ID", "ERP id", Kind.ID, hidden=True),
        Column("INVOICEID", "invoice_number", "ID FATTURA", "Invoice number", title_it="Numero fattura"),
        Column("INVOICEDATE", "invoice_date", "DATA FATTURA", "Invoice date", Kind.DATE),
        Column("INVOICEACCOUNT", "customer_account", "CONTO FATTURE", "Customer account", title_it="Profilo cliente"),
        Column(
            "INVOICINGNAME", "billing_name", "NOME DI FATTURAZIONE", "Customer", personal=True, title_it="Intestatario"
        ),
        Column("QTY", "quantity", "QUANTITÀ", "Quantity", Kind.NUMBER),
        Column(
            "SALESBALANCEMST", "sales_balance", "SALDO VENDITE MST", "Sales balance", Kind.MONEY, title_it="Imponibile"
        ),
        Column("SUMLINEDISCMST", "line_discount", "SOMMA LINEA SCONTO MST", "Line discount", Kind.MONEY),
        Column("ENDDISCMST", "total_discount", "SCONTO TOTALE:", "Total discount", Kind.MONEY),
        Column("SUMTAXMST", "tax", "SOMMA FISCALE MST", "Tax", Kind.MONEY, title_it="Imposta"),
        Column("INVOICEAMOUNTMST", "amount", "IMPORTO FATTURA MST", "Amount", Kind.MONEY, title_it="Importo fattura"),
        Column("PURCHASEORDER", "purchase_order", "ORDINE DI ACQUISTO", "Purchase order"),
        Column("CUSTOMERREF", "customer_reference", "RIFERIMENTO CLIENTE", "Customer reference"),
        Column("DUEDATE", "due_date", "SCADENZA", "Due date", Kind.DATE),
        Column(
            "PAYMTERMID.DESCRIPTION",
            "payment_terms",
            "ID TERMINE DI PAGAMENTO",
            "Payment terms",
            title_it="Termini di pagamento",
        ),
        # Named overdue days by the ERP: due date minus invoice date while the invoice is open, 0 once it is closed.
        Column(
            "OVERDUEDAYS",
            "overdue_days",
            "OLTRE I GIORNI DI SCADENZA",
            "Credit term while open",
            Kind.INTEGER,
            title_it="Giorni di credito (se aperta)",
        ),
        Column(
            "SETTLEAMOUNTMST", "settled_amount", "LIQUIDA IMPORTO MST", "Settled", Kind.MONEY, title_it="Importo pagato"
        ),
        Column("LASTSETTLEVOUCHER", "last_payment_id", "IDENTIFICATIVO ULTIMO PAGAMENTO:", "Last payment"),
        Column("LASTSETTLEDATE", "last_settled_on", "DATA DI ULTIMA LIQUIDAZIONE", "Last settled on", Kind.DATE),
        # The day on which it was closed; empty while it is open.
        Column("CLOSED", "closed_on", "CHIUSO", "Closed on", Kind.DATE, title_it="Chiusa il"),
        Column(
            "REMAINAMOUNTMST", "remaining_amount", "IMPORTO RIMANENTE MST", "Remaining", Kind.MONEY, title_it="Residuo"
        ),
        Column("SALESID", "order_number", "ID VENDITE", "Order number", hidden=True, title_it="Numero ordine"),
        Column("ORDERACCOUNT", "order_account", "CONTO DELL'ORDINE", "Order account", optional=True, hidden=True),
        Column(
            "INVSTREET",
            "billing_street",
            "VIA DI FATTURAZIONE",
            "Billing street",
            optional=True,
            hidden=True,
            personal=True,
        ),
        Column("INVCITY", "billing_city", "CITTÀ DI FATTURAZIONE", "Billing city", optional=True, hidden=True),
        Column(
            "MODIFIEDDATETIME",
            "modified_at",
            "DATETIME MODIFICATO",
            "Modified",
            Kind.DATETIME,
            optional=True,
            hidden=True,
            title_it="Modificato il",
        ),
        Column(
            "DELIVERYNAME",
            "delivery_name",
            "NOME DI CONSEGNA",
            "Delivery name",
            optional=True,
            hidden=True,
            personal=True,
        ),
    ),
    key=("erp_id",),
    natural_key=("invoice_number", "invoice_date"),
    filter=FilterWish(
        "invoices",
        ("all_invoices", "invoicesall"),
        ("Tutti", "All"),
        detour=("Ultimi 3 mesi", "Last 3 Month"),
    ),
    garbage=(
        Garbage("no-number", "righe senza numero", "rows without a number", lambda c: c["invoice_number"] in ("", "0")),
    ),
    title="invoice_number",
    search=("invoice_number", "order_number", "billing_name", "customer_account"),
)
