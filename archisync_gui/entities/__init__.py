"""The declarations of the six ERP lists, by priority. ``declaration`` defines what a declaration contains."""

from archisync_gui.entities.customers import CUSTOMERS
from archisync_gui.entities.ddt import DDT
from archisync_gui.entities.declaration import Column, Entity, FilterWish, Garbage, Kind, Row, Value
from archisync_gui.entities.invoices import INVOICES
from archisync_gui.entities.orders import ORDERS
from archisync_gui.entities.prices import PRICES
from archisync_gui.entities.products import PRODUCTS

ENTITIES: tuple[Entity, ...] = (ORDERS, CUSTOMERS, DDT, INVOICES, PRICES, PRODUCTS)


def list_name(name: str, language: str) -> str:
    """The name for people of the list ``name``, in ``language`` (``it`` or ``en``): ``Clienti``. ``name`` itself if it
    is no list."""
    for entity in ENTITIES:
        if entity.name == name:
            return entity.it if language == "it" else entity.en
    return name


__all__ = [
    "CUSTOMERS",
    "DDT",
    "ENTITIES",
    "INVOICES",
    "ORDERS",
    "PRICES",
    "PRODUCTS",
    "Column",
    "Entity",
    "FilterWish",
    "Garbage",
    "Kind",
    "Row",
    "Value",
    "list_name",
]
