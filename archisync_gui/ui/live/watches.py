"""Watched customers and orders: told when one ships, is invoiced, is paid or changes. Fired by the change log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from archisync_gui.entities.declaration import Entity
from archisync_gui.entities.links import LINKS
from archisync_gui.model import Event, Json
from archisync_gui.model.events import SyncCompleted
from archisync_gui.store.types import Change, ChangeKind, StoredRow
from archisync_gui.ui.live.bridge import rows_replaced
from archisync_gui.ui.live.context import WATCHES, Context
from archisync_gui.ui.live.looked import RUN, LookedAt
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.text.values import title as title_of

if TYPE_CHECKING:
    from archisync_gui.store.store import Store

WATCHABLE = ("customers", "orders")
"""Lists whose records can be watched."""

NUMBERS = {"customers": "account_num", "orders": "order_number"}
"""The column of each list that has a :attr:`Watch.number`."""

UNTOLD = f"{WATCHES}-untold"
"""Name under which the window's memory keeps which watches the office was not told of."""

PART = 1000
"""Lines of the change log that are read at once."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One watched record."""

    list: str
    account: str
    key: str
    name: str
    """As people call it: the customer's name, the order's number."""
    number: str
    """By which other lists name it: the customer's account number, the order's number."""

    @property
    def target(self) -> tuple[str, str, str]:
        """What opens its sheet."""
        return self.list, self.account, self.key


class Watches(QObject):
    """The watched records, kept over restarts."""

    changed = Signal()
    fired = Signal(object, str)
    """The watch, and what happened, in words without the record's name."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self.all: tuple[Watch, ...] = _read(context.recall(WATCHES))
        self.shared = False
        """They are an office's: what is changed here is remembered until the office has been :meth:`told`."""
        self._untold = _read_keys(context.recall(UNTOLD))
        self._looked, self._one = LookedAt(context), asyncio.Lock()
        context.bridge.happened.connect(self._happened)
        context.services_changed.connect(self._started)
        self._started()

    def of(self, target: tuple[str, str, str]) -> Watch | None:
        """The watch of a record, if it is watched."""
        return next((watch for watch in self.all if watch.target == target), None)

    def add(self, watch: Watch) -> None:
        """Watch a record."""
        self._change(watch.target, (*(kept for kept in self.all if kept.target != watch.target), watch))

    def remove(self, target: tuple[str, str, str]) -> None:
        """Watch it no more."""
        self._change(target, tuple(kept for kept in self.all if kept.target != target))

    def _change(self, target: tuple[str, str, str], watches: tuple[Watch, ...]) -> None:
        if self.shared:
            self._keep_untold(self._untold | {_key(target)})
        self._keep(watches)

    def _keep(self, watches: tuple[Watch, ...]) -> None:
        for name in _lists(watches) - _lists(self.all):
            self._looked.from_now(name)  # what was before is no news for a new watch
        self.all = watches
        self._context.remember(WATCHES, json.dumps([asdict(watch) for watch in watches]))
        self.changed.emit()

    def _keep_untold(self, keys: frozenset[str]) -> None:
        self._untold = keys
        self._context.remember(UNTOLD, json.dumps(sorted(keys)))

    # ------------------------------------------------------------- for an office (``office.shared_rows.OwnRows``)

    def rows(self) -> tuple[Mapping[str, Json], frozenset[str]]:
        """The watches by key, and the keys that were changed here since the office was told."""
        return {_key(watch.target): asdict(watch) for watch in self.all}, self._untold

    def take(self, rows: Mapping[str, Json]) -> None:
        """The office has these watches; ``None``: it has ended that one. What cannot be read is left out."""
        found = {_key(watch.target): watch for watch in self.all}
        for key, row in rows.items():
            watches = _read(json.dumps([row])) if row is not None else ()
            if row is None:
                found.pop(key, None)
            elif watches and _key(watches[0].target) == key:
                found[key] = watches[0]
        if tuple(found.values()) != self.all:
            self._keep(tuple(found.values()))

    def told(self, keys: Collection[str]) -> None:
        """The office knows of these changes."""
        self._keep_untold(self._untold - frozenset(keys))

    def bring_home(self, rows: Mapping[str, Json]) -> None:
        """The office that this computer has left had these. What was changed here without its knowledge stays."""
        self.take({key: row for key, row in rows.items() if key not in self._untold})
        if self._context.memory is not None:
            self._context.memory.sync()

    def _happened(self, events: Sequence[Event]) -> None:
        for name in rows_replaced(events) if self.all else ():
            self._context.background.run(self._follow(name), "watches")
        for event in events if self.all else ():
            done = event.data
            if isinstance(done, SyncCompleted) and done.type in _lists(self.all):
                self._context.background.run(self._look(done.type, done.run_id, event.at), "watches")

    def _started(self) -> None:
        """Tell what reads brought while this panel was closed: another computer of the office may have made them."""
        if self._context.services is not None and self._context.services.store is not None:
            for name in sorted(_lists(self.all)):
                self._context.background.run(self._look(name), "watches")

    async def _look(self, name: str, run_id: str = "", at: datetime | None = None) -> None:
        """Tell what reads brought since the last one looked at; ``run_id``: one that has just ended, and may not be
        stored yet."""
        services = self._context.services
        entity = services.entity(name) if services is not None else None
        if services is None or services.store is None or entity is None:
            return
        async with self._one:
            for own in {watch.list for watch in self.all if name in _lists((watch,))}:
                await self._follow(own)
            runs = await self._looked.missed(services.store, name)
            if at is not None and run_id not in {run for run, _ in runs} and not self._looked.has(name, run_id):
                runs.append((run_id, at))
            found = await news_of_runs(services.store, entity, runs, self.all)
            self._looked.put(name, runs)
        for watch, news in found:
            self.fired.emit(watch, "; ".join(dict.fromkeys(news)))

    async def _follow(self, name: str) -> None:
        """Keep the watches of a list with their records, which may have other keys since it was re-keyed."""
        services = self._context.services
        if services is None or services.store is None or services.entity(name) is None:
            return
        for watch in self.all:
            if watch.list != name or watch.key == (key := await key_now(services.store, watch)):
                continue
            moved = replace(watch, key=key)
            if watch in self.all:  # it may have been ended meanwhile
                self.remove(watch.target)
                self.add(moved)


def _key(target: tuple[str, str, str]) -> str:
    return json.dumps(target)


def _read_keys(text: str) -> frozenset[str]:
    try:
        return frozenset(map(str, json.loads(text))) if text else frozenset()
    except (ValueError, TypeError):
        return frozenset()


def _lists(watches: Iterable[Watch]) -> set[str]:
    """The lists whose reads may tell something about the watched records."""
    return {name for watch in watches for name in (watch.list, *(link.list for link in LINKS.get(watch.list, ())))}


def _read(text: str) -> tuple[Watch, ...]:
    """The kept watches; what cannot be read is left out."""
    try:
        found = json.loads(text) if text else []
        return tuple(Watch(**{name: str(value) for name, value in one.items()}) for one in found)
    except (ValueError, TypeError, AttributeError):
        return ()


async def key_now(store: Store, watch: Watch) -> str:
    """The key of the watched record, which is known by its number: after *Re-key* the kept one may be another
    record's. Where the number says nothing it is the kept one."""
    column = NUMBERS.get(watch.list)
    if column is None or not watch.number:
        return watch.key
    row = await store.row(watch.list, watch.account or None, watch.key)
    if row is not None and row.deleted_at is None and row.values.get(column) == watch.number:
        return watch.key
    named = await store.related(watch.list, watch.account or None, column, watch.number)
    return named.rows[0].key if len(named.rows) == 1 else watch.key


async def news_of_runs(
    store: Store, entity: Entity, runs: Sequence[tuple[str, datetime]], watches: Iterable[Watch]
) -> list[tuple[Watch, list[str]]]:
    """What runs of a list (id and end) changed about watched records: for each run that did, what it changed."""
    found: dict[Watch, list[str]] = {}
    by_account: dict[str, dict[Watch, dict[str, StoredRow | None]]] = {}
    for watch in watches if runs else ():
        if entity.name in _lists((watch,)):
            by_account.setdefault(watch.account, {})[watch] = await _rows_of(store, entity, watch)
    for run_id, at in runs:
        for account, own in by_account.items():
            keys = {key for rows in own.values() for key in rows}
            lines = await _lines_of(store, entity, run_id, at, account, keys)
            for watch, rows in own.items():
                told = (_sentence(watch, entity, key, lines.get(key, ()), row) for key, row in rows.items())
                if said := "; ".join(filter(None, told)):
                    found.setdefault(watch, []).append(said)
    return list(found.items())


async def _rows_of(store: Store, entity: Entity, watch: Watch) -> dict[str, StoredRow | None]:
    """The rows of a list that may tell something about the watched record, by key: its own, or those that name it."""
    if entity.name == watch.list:
        return {watch.key: None}
    column = next((link.column for link in LINKS.get(watch.list, ()) if link.list == entity.name), None)
    if column is None:
        return {}
    page = await store.related(entity.name, watch.account or None, column, watch.number)
    return {row.key: row for row in page.rows}


async def _lines_of(
    store: Store, entity: Entity, run_id: str, at: datetime, account: str, keys: Collection[str]
) -> dict[str, list[Change]]:
    """What the change log has of a run about these rows, by key; the whole log of the run is gone through."""
    found: dict[str, list[Change]] = {}
    after: int | None = None
    while keys:
        lines = await store.changes(
            at - RUN, at + timedelta(minutes=5), [account], entity=entity.name, run_id=run_id, after=after, limit=PART
        )
        for line in lines:
            if line.key in keys:
                found.setdefault(line.key, []).append(line)
        if len(lines) < PART:
            break
        after = lines[-1].id
    return found


def _sentence(watch: Watch, entity: Entity, key: str, lines: Sequence[Change], row: StoredRow | None) -> str:
    """What happened to one row, if it belongs to the watch."""
    kinds = {line.kind for line in lines}
    fields = ", ".join(dict.fromkeys(_field(entity, line.field) for line in lines if line.kind is ChangeKind.CHANGED))
    if entity.name == watch.list:
        if key != watch.key:
            return ""
        if ChangeKind.GONE in kinds:
            return tr("gone from the ERP")
        return tr("changed: {fields}", fields=fields) if fields else ""
    if row is None:
        return ""
    number = str(row.values.get(entity.title) or key)
    if ChangeKind.ADDED in kinds:
        return _arrived(entity.name, number)
    if entity.name == "invoices" and any(line.field == "remaining_amount" and line.after == 0 for line in lines):
        return tr("invoice {number} is paid", number=number)
    return tr("{number} changed: {fields}", number=number, fields=fields) if fields else ""


def _arrived(name: str, number: str) -> str:
    match name:
        case "ddt":
            return tr("shipped, delivery note {number}", number=number)
        case "invoices":
            return tr("invoiced, {number}", number=number)
        case _:
            return tr("new order {number}", number=number)


def _field(entity: Entity, name: str | None) -> str:
    column = next((c for c in entity.columns if c.name == name), None)
    return title_of(column) if column is not None else str(name)
