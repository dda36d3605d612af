"""The declaration of a seventh list, which tests add to the six."""

from __future__ import annotations

from archisync_gui.entities import DDT, Column, Entity, FilterWish, Kind
from archisync_gui.model import SyncTypeSpec

SUPPLIERS = Entity(
    spec=SyncTypeSpec("suppliers", priority=7, interval=60, stagger=40),
    it="Fornitori",
    en="Suppliers",
    path=DDT.path,  # the demo ERP has six lists; this one is read under another name
    columns=(
        Column("ID", "id", "ID", "ID", Kind.ID, hidden=True),
        Column("DELIVERYNAME", "name", "NOME DI CONSEGNA", "Name", personal=True),
        Column("QTY", "quantity", "TOTALE", "Quantity", Kind.NUMBER),
    ),
    key=("id",),
    natural_key=("name",),
    filter=FilterWish("packingslips", ("packingslipsall",), ("Tutti", "All"), detour=("Oggi", "Today")),
    title="name",
    search=("name",),
)
