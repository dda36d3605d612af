"""Queries of the change log, of runs and of events. Queries of rows are in ``reading``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity
from archisync_gui.model import EventKind, Origin, Outcome, RunRecord, Scope
from archisync_gui.store import schema
from archisync_gui.store.fields import fields_of, has_field
from archisync_gui.store.journal import run_record, stored_event
from archisync_gui.store.schema import CHANGES, EVENTS, RUNS
from archisync_gui.store.seen_keys import chunks
from archisync_gui.store.types import Change, ChangeKind, StoredEvent


def row_history(
    connection: sa.Connection, entity: str, account: str, key: str, limit: int, before: int | None
) -> tuple[Change, ...]:
    """The changes of one row from at most ``limit`` lines of the change log, newest first."""
    c = CHANGES.c
    statement = sa.select(CHANGES).where(
        c.entity == entity, c.account == account, c.row_key == key, c.kind.in_(list(ChangeKind))
    )
    if before is not None:
        statement = statement.where(c.id < before)
    found = connection.execute(statement.order_by(c.id.desc()).limit(limit)).all()
    return tuple(change for line in found for change in reversed(_changes(line)))


def changes(
    connection: sa.Connection,
    tables: Mapping[str, tuple[Entity, sa.Table]],
    accounts: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    entity: str | None,
    kinds: Sequence[str] | None,
    fields: Sequence[str] | None,
    percent: int | None,
    run_id: str | None,
    after: int | None,
    limit: int,
) -> tuple[Change, ...]:
    """The changes from at most ``limit`` lines of the change log, in the order of writing, with the records' titles."""
    c = CHANGES.c
    statement = sa.select(CHANGES).where(
        c.at >= since, c.at < until, c.account.in_([*accounts, ""]), c.kind.in_(list(ChangeKind))
    )
    if entity is not None:
        statement = statement.where(c.entity == entity)
    if kinds is not None:
        statement = statement.where(c.kind.in_([ChangeKind(kind).value for kind in kinds]))
    if fields is not None:
        statement = statement.where(has_field(fields))
    if percent is not None:
        statement = statement.where(sa.or_(c.percent >= percent, c.percent <= -percent))
    if run_id is not None:
        statement = statement.where(c.run_id == run_id)
    if after is not None:
        statement = statement.where(c.id > after)
    found = connection.execute(statement.order_by(c.id).limit(limit)).all()
    titles = _titles(connection, tables, {(line.entity, line.account, line.row_key) for line in found})
    return tuple(
        change
        for line in found
        for change in _changes(line, titles.get((line.entity, line.account, line.row_key)))
        if (fields is None or change.field in fields) and (percent is None or abs(change.percent or 0) >= percent)
    )


def _titles(
    connection: sa.Connection,
    tables: Mapping[str, tuple[Entity, sa.Table]],
    wanted: set[tuple[str, str, str]],
) -> dict[tuple[str, str, str], str]:
    titles: dict[tuple[str, str, str], str] = {}
    groups: dict[tuple[str, str], list[str]] = {}
    for name, account, key in wanted:
        if isinstance(key, str):  # a damaged cell may have another type
            groups.setdefault((name, account), []).append(key)
    for (name, account), keys in groups.items():
        if name not in tables or not tables[name][0].title:
            continue
        declared, table = tables[name]
        for part in chunks(keys):
            statement = sa.select(table.c[schema.KEY], table.c[declared.title]).where(
                table.c[schema.ACCOUNT] == account, table.c[schema.KEY].in_(part)
            )
            for key, title in connection.execute(statement):
                if title is not None:
                    titles[name, account, key] = str(title)
    return titles


def _changes(line: sa.Row[Any], title: str | None = None) -> list[Change]:
    """The changes of one line: one for each field that changed."""
    of_row = (line.id, line.at, line.run_id, line.entity, line.account, line.row_key, ChangeKind(line.kind))
    return [Change(*of_row, *changed, title) for changed in fields_of(line._mapping)]


def runs(
    connection: sa.Connection,
    *,
    sync_type: str | None,
    account: str | None,
    shared: Collection[str],
    outcome: Sequence[str] | None,
    origin: str | None,
    scope: str | None,
    since: datetime | None,
    before: datetime | None,
    after: RunRecord | None,
    limit: int,
) -> tuple[RunRecord, ...]:
    """Runs, newest first."""
    c = RUNS.c
    # Runs with values of a later version are excluded in SQL, so that a page has as many runs as were asked for.
    statement = sa.select(RUNS).where(
        c.scope.in_(list(Scope)), c.origin.in_(list(Origin)), sa.or_(c.outcome.is_(None), c.outcome.in_(list(Outcome)))
    )
    for column, value in ((c.type, sync_type), (c.origin, origin), (c.scope, scope)):
        if value is not None:
            statement = statement.where(column == value)
    if account is not None:
        statement = statement.where(sa.or_(c.account == account, c.type.in_(list(shared))))
    if outcome is not None:
        statement = statement.where(c.outcome.in_(list(outcome)))
    if since is not None:
        statement = statement.where(c.started >= since)
    if before is not None:
        statement = statement.where(c.started < before)
    if after is not None:
        behind = sa.or_(c.started < after.started, c.id < after.id)
        statement = statement.where(c.started <= after.started, behind)
    statement = statement.order_by(c.started.desc(), c.id.desc()).limit(limit)
    found = [run_record(row._mapping) for row in connection.execute(statement)]
    return tuple(record for record in found if record is not None)


def run(connection: sa.Connection, run_id: str) -> RunRecord | None:
    """One run."""
    row = connection.execute(sa.select(RUNS).where(RUNS.c.id == run_id)).one_or_none()
    return None if row is None else run_record(row._mapping)


def events(
    connection: sa.Connection,
    *,
    since: datetime,
    until: datetime,
    kinds: Sequence[str] | None,
    after: int | None,
    limit: int,
) -> tuple[StoredEvent, ...]:
    """Events in the order of writing."""
    c = EVENTS.c
    statement = sa.select(EVENTS).where(c.at >= since, c.at < until, c.kind.in_(list(EventKind)))
    if kinds is not None:
        statement = statement.where(c.kind.in_([str(kind) for kind in kinds]))
    if after is not None:
        statement = statement.where(c.id > after)
    found = connection.execute(statement.order_by(c.id).limit(limit))
    events = [(row.id, stored_event(row)) for row in found]
    return tuple(StoredEvent(event_id, event) for event_id, event in events if event is not None)
