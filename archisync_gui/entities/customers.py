"""Customers: the agent's customer list (``docs/erp.md``, Customers)."""

from archisync_gui.entities.declaration import Column, Entity, FilterWish, Garbage, Kind
from archisync_gui.model import SyncTypeSpec

CUSTOMERS = Entity(
    spec=SyncTypeSpec("customers", priority=5, interval=30, stagger=5, fast=True),
    it="Clienti",
    en="Customers",
    path="CUSTTABLE_ListView_Agent/",
    columns=(
        Column("ID", "id", "ID", "ID", Kind.ID),
        Column("ACCOUNTNUM", "account_num", "PROFILO CLIENTE:", "Customer account"),
        Column("NAME", "name", "NOME", "Name", personal=True),
    ),
    key=("id",),
    natural_key=("name",),
    filter=FilterWish("customers", ("all_customers",), ("Tutti i clienti", "All customers")),
    garbage=(Garbage("id-zero", "righe di sistema con ID 0", "system rows with ID 0", lambda c: c["id"] in ("", "0")),),
    title="name",
    search=("name", "account_num"),
)
