"""Watched customers and orders: after each read, the change log shows whether one was shipped, invoiced, paid or
changed."""

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
from archisync_gui.ui.live.past_runs import all_changes
from archisync_gui.ui.live.seen_reads import LONGEST_RUN, SeenReads
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.text.values import title as title_of

if TYPE_CHECKING:
    from archisync_gui.store.store import Store

WATCHABLE = ("customers", "orders")
"""Lists whose records can be watched."""

NUMBERS = {"customers": "account_num", "orders": "order_number"}
"""The column with the :attr:`Watch.number`, by list."""

UNSENT = f"{WATCHES}-untold"
"""Key, in the window's memory, of the watches whose change the office does not know yet."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One watched record."""

    list: str
    account: str
    key: str
    name: str
    """The customer's name, or the order's number."""
    number: str
    """The customer's account number, or the order's number: other lists refer to it."""

    @property
    def target(self) -> tuple[str, str, str]:
        """List, account and key of the record."""
        return self.list, self.account, self.key


class Watches(QObject):
    """The watched records, kept over restarts."""

    changed = Signal()
    fired = Signal(object, str)
    """The watch, and what happened, as a text without the record's name."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self.all: tuple[Watch, ...] = _read(context.recall(WATCHES))
        self.shared = False
        """The watches are shared with an office: a change made here is noted until the office knows it (:meth:`told`).
        """
        self._unsent = _read_keys(context.recall(UNSENT))
        self._seen_reads, self._lock = SeenReads(context), asyncio.Lock()
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
        """End the watch of a record."""
        self._change(target, tuple(kept for kept in self.all if kept.target != target))

    def _change(self, target: tuple[str, str, str], watches: tuple[Watch, ...]) -> None:
        if self.shared:
            self._keep_unsent(self._unsent | {_key(target)})
        self._keep(watches)

    def _keep(self, watches: tuple[Watch, ...]) -> None:
        for name in _lists(watches) - _lists(self.all):
            self._seen_reads.skip_earlier(name)  # earlier reads are no news for a new watch
        self.all = watches
        self._context.remember(WATCHES, json.dumps([asdict(watch) for watch in watches]))
        self.changed.emit()

    def _keep_unsent(self, keys: frozenset[str]) -> None:
        self._unsent = keys
        self._context.remember(UNSENT, json.dumps(sorted(keys)))

    # ------------------------------------------------------------- for an office (``office.shared_rows.OwnRows``)

    def rows(self) -> tuple[Mapping[str, Json], frozenset[str]]:
        """The watches by key, and the keys whose change the office does not know yet."""
        return {_key(watch.target): asdict(watch) for watch in self.all}, self._unsent

    def take(self, rows: Mapping[str, Json]) -> None:
        """The office has these watches; ``None``: it has ended that one. Rows that cannot be parsed are ignored."""
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
        """The office knows the changes of these keys."""
        self._keep_unsent(self._unsent - frozenset(keys))

    def take_from_left_office(self, rows: Mapping[str, Json]) -> None:
        """Take the watches of the office that this computer has left, except those with changes that it did not get."""
        self.take({key: row for key, row in rows.items() if key not in self._unsent})
        if self._context.memory is not None:
            self._context.memory.sync()

    def _happened(self, events: Sequence[Event]) -> None:
        for name in rows_replaced(events) if self.all else ():
            self._context.background.run(self._update_keys(name), "watches")
        for event in events if self.all else ():
            done = event.data
            if isinstance(done, SyncCompleted) and done.type in _lists(self.all):
                self._context.background.run(self._report_news(done.type, done.run_id, event.at), "watches")

    def _started(self) -> None:
        """Examine reads made while this panel was closed: another computer of the office may have made some."""
        if self._context.services is not None and self._context.services.store is not None:
            for name in sorted(_lists(self.all)):
                self._context.background.run(self._report_news(name), "watches")

    async def _report_news(self, name: str, run_id: str = "", at: datetime | None = None) -> None:
        """Emit :attr:`fired` for what reads changed since the last examined one. ``run_id``: one that has just ended at
        ``at``, and may not be stored yet."""
        services = self._context.services
        entity = services.entity(name) if services is not None else None
        if services is None or services.store is None or entity is None:
            return
        async with self._lock:
            for own in {watch.list for watch in self.all if name in _lists((watch,))}:
                await self._update_keys(own)
            runs = await self._seen_reads.unseen(services.store, name)
            if at is not None and run_id not in {run for run, _ in runs} and not self._seen_reads.has(name, run_id):
                runs.append((run_id, at))
            found = await news_of_runs(services.store, entity, runs, self.all)
            self._seen_reads.put(name, runs)
        for watch, news in found:
            self.fired.emit(watch, "; ".join(dict.fromkeys(news)))

    async def _update_keys(self, name: str) -> None:
        """Adapt the watches of a list to new keys of their records, after it was re-keyed."""
        services = self._context.services
        if services is None or services.store is None or services.entity(name) is None:
            return
        for watch in self.all:
            if watch.list != name or watch.key == (key := await present_key(services.store, watch)):
                continue
            moved = replace(watch, key=key)
            if watch in self.all:  # the watch may have been ended meanwhile
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
    """The lists whose reads can concern the watched records: their own, and those linked to them."""
    return {name for watch in watches for name in (watch.list, *(link.list for link in LINKS.get(watch.list, ())))}


def _read(text: str) -> tuple[Watch, ...]:
    """The kept watches; none if the text cannot be parsed."""
    try:
        found = json.loads(text) if text else []
        return tuple(Watch(**{name: str(value) for name, value in one.items()}) for one in found)
    except (ValueError, TypeError, AttributeError):
        return ()


async def present_key(store: Store, watch: Watch) -> str:
    """The present key of the watched record, found by its number: after *Re-key* the kept key may belong to another
    record. The kept key where the number does not identify one record."""
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
    """For each watch that is concerned, a text for each of these runs (id and end) that changed something about it."""
    found: dict[Watch, list[str]] = {}
    by_account: dict[str, dict[Watch, dict[str, StoredRow | None]]] = {}
    for watch in watches if runs else ():
        if entity.name in _lists((watch,)):
            by_account.setdefault(watch.account, {})[watch] = await _rows_of(store, entity, watch)
    for run_id, at in runs:
        for account, own in by_account.items():
            keys = {key for rows in own.values() for key in rows}
            lines = await _changes_of(store, entity, run_id, at, account, keys)
            for watch, rows in own.items():
                parts = (_row_news(watch, entity, key, lines.get(key, ()), row) for key, row in rows.items())
                if text := "; ".join(filter(None, parts)):
                    found.setdefault(watch, []).append(text)
    return list(found.items())


async def _rows_of(store: Store, entity: Entity, watch: Watch) -> dict[str, StoredRow | None]:
    """The rows of a list that concern the watched record, by key: its own (without the row), or those linked to it."""
    if entity.name == watch.list:
        return {watch.key: None}
    column = next((link.column for link in LINKS.get(watch.list, ()) if link.list == entity.name), None)
    if column is None:
        return {}
    page = await store.related(entity.name, watch.account or None, column, watch.number)
    return {row.key: row for row in page.rows}


async def _changes_of(
    store: Store, entity: Entity, run_id: str, at: datetime, account: str, keys: Collection[str]
) -> dict[str, list[Change]]:
    """The entries of the change log of a run about these rows, by key. Reads all entries of the run."""
    found: dict[str, list[Change]] = {}
    if not keys:
        return found
    since, until = at - LONGEST_RUN, at + timedelta(minutes=5)
    async for line in all_changes(store, since, until, [account], entity=entity.name, run_id=run_id):
        if line.key in keys:
            found.setdefault(line.key, []).append(line)
    return found


def _row_news(watch: Watch, entity: Entity, key: str, lines: Sequence[Change], row: StoredRow | None) -> str:
    """What happened to one row, for the watch; empty: nothing that concerns it."""
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
        return _added_news(entity.name, number)
    if entity.name == "invoices" and any(line.field == "remaining_amount" and line.after == 0 for line in lines):
        return tr("invoice {number} is paid", number=number)
    return tr("{number} changed: {fields}", number=number, fields=fields) if fields else ""


def _added_news(name: str, number: str) -> str:
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
