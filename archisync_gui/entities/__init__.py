"""The six declarations, one per kind of ERP list, by priority. What they are made of: ``declaration``."""

from archisync_gui.entities.customers import CUSTOMERS
from archisync_gui.entities.declaration import Column, Entity, FilterWish, Garbage, Kind, Row, Value

ENTITIES: tuple[Entity, ...] = (CUSTOMERS,)

__all__ = ["CUSTOMERS", "ENTITIES", "Column", "Entity", "FilterWish", "Garbage", "Kind", "Row", "Value"]
