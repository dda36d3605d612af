"""The words of the orders' states: each enum value's language-free name and its Italian text."""

from __future__ import annotations

import re
from collections.abc import Mapping

EnumSet = tuple[tuple[str, str], ...]
"""Language-free name and Italian text of each value, in the order of the filter row's editor."""

ENUM_SETS: Mapping[str, EnumSet] = {
    "SALESSTATUS": (
        ("None", "Nessuno"),
        ("OpenOrder", "Ordine aperto"),
        ("Delivered", "Consegnato"),
        ("Invoiced", "Fatturato"),
        ("Canceled", "Annullato"),
        ("CompletedOrder", "Ordine completato"),
    ),
    "SALESTYPE": (
        ("Journal", "Giornale"),
        ("Quotation", "Preventivo"),
        ("Subscription", "Abbonamento"),
        ("SalesOrder", "Ordine di vendita"),
        ("ReturnedItem", "Articolo restituito"),
    ),
    "DOCUMENTSTATUS": (
        ("None", "Nessuno"),
        ("Quotation", "Offerta"),
        ("PurchaseOrder", "Ordine di acquisto"),
        ("Confirmation", "Conferma"),
        ("PickingList", "Distinta di prelievo"),
        ("PackingSlip", "Documento di trasporto"),
        ("ReceiptsList", "Elenco entrate"),
        ("Invoice", "Fattura:"),
        ("ApproveJournal", "Approva giornale"),
        ("ProjectInvoice", "Fattura di progetto"),
        ("FreeTextInvoice", "Fattura a testo libero"),
        ("Lost", "Perso"),
        ("Cancelled", "Annullato"),
    ),
    "TRANSFERSTATUS": (
        ("None", "Nessuno"),
        ("Edit", "Modifica"),
        ("Approvel_regionalmanager", "In attesa di approvazione"),
        ("Transfered", "Trasferito"),
        ("Completed", "Completato"),
        ("Transfer_error", "Transfer_error"),
    ),
    "FREIGHTSLIPTYPE": (("None", "Nessuno"), ("Standard", "Standard")),
    "BRASAPPROVALSTEP": (("None", "Nessuno"), ("Agent", "Agente"), ("Regionalmanager", "Responsabile di zona")),
    "BRASORDERKIND": (("Standard", "Standard"), ("Sample", "Omaggio"), ("Exchange", "Sostituzione")),
}
"""The enum columns of the orders list by field name. In an English session the text is the name itself, in words."""


def english(name: str) -> str:
    """The text of an enum value in an English session: its own name, compound words apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def enum_text(field: str, value: str, language: str) -> str:
    """The text of that value in ``it`` or ``en``; a value that the enum does not have is printed as it is."""
    italian = dict(ENUM_SETS.get(field, ())).get(value)
    if italian is None:
        return value
    return italian if language == "it" else english(value)
