"""Reads one stored record with the related rows of other lists; ``output.record`` decides what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archisync_gui.entities.declaration import Entity
from archisync_gui.entities.links import LINKS
from archisync_gui.store.store import Store
from archisync_gui.store.types import Ages, Change, Page, StoredRow

CHANGES = 8
"""Lines of the change log that are read with a record, and most changes that its sheet shows: the latest ones."""


@dataclass(frozen=True)
class Record:
    """A stored row, the related rows of other lists, and the ages of these lists."""

    entity: Entity
    row: StoredRow
    related: Mapping[str, Page] = field(default_factory=dict)
    """By list."""
    ages: Mapping[str, Ages] = field(default_factory=dict)
    """By list, including the record's own."""
    changes: tuple[Change, ...] = ()


async def read_record(store: Store, entity: Entity, account: str | None, key: str) -> Record | None:
    """The record, with one query for each related list; ``None``: it is not stored any more."""
    owner = None if entity.spec.shared else account
    row = await store.row(entity.name, owner, key)
    if row is None:
        return None
    related: dict[str, Page] = {}
    ages = {entity.name: await store.ages(entity.name, owner)}
    for link in LINKS.get(entity.name, ()):
        value = row.values.get(link.own)
        if not store.has(link.list):
            continue
        ages[link.list] = await store.ages(link.list, owner)
        if value:
            related[link.list] = await store.related(link.list, owner, link.column, str(value))
    changes = await store.row_history(entity.name, owner, key, limit=CHANGES)
    return Record(entity, row, related, ages, changes)
