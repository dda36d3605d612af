"""One customer's data on an office's server: reading them, and erasing them in one transaction. Blocking.

Nothing of the customer can be written beside or after the erasing from what another program had read before:

- The transaction ends the leadership first (``leader.epoch``). It waits for the leader's transaction, if there is one;
  later ones wait for the commit and then find another epoch, so they write nothing. The leader closes its browser and
  gives up its read with all rows in memory. The next leader cannot begin before the commit, and loads everything anew.
- Tables that every member writes without an epoch (:data:`UNFENCED`) are locked until the commit. A draft that is saved
  meanwhile waits, and after some seconds is kept on its computer (``drafts.away``).

What other computers have in their own files is not reached: each erases it with the same command.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa
from psycopg import sql

from archisync_gui.drafts import personal as drafts_personal
from archisync_gui.drafts.personal import Archive
from archisync_gui.drafts.schema import DRAFTS, PAST_LINES, version_on_server
from archisync_gui.entities.declaration import Entity
from archisync_gui.model import as_json
from archisync_gui.model.events import Event, QueueUpdated
from archisync_gui.office.shared_rows import WATCHES
from archisync_gui.office.sql import PRESENT
from archisync_gui.store import dialect, finding, migrate, personal
from archisync_gui.store.dialect import each_row
from archisync_gui.store.errors import StoreError
from archisync_gui.store.postgres import transaction
from archisync_gui.store.postgres_server import Server
from archisync_gui.store.whose import Customer

log = logging.getLogger(__name__)

OTHERS_WAIT = 45.0
"""Seconds that the erasing waits for another program's running transaction: storing a large list takes some seconds."""
VACUUM_SECONDS = 300.0
"""Seconds that cleaning one table may take on the server."""

UNFENCED = (DRAFTS.name, PAST_LINES.name, "settings", "commands", "command_events")
"""Tables that members write without checking an epoch, in the order in which a transaction of theirs locks them."""

SETTINGS = sa.table("settings", sa.column("key"), sa.column("value"), sa.column("version"))
COMMANDS = sa.table("commands", sa.column("epoch"), sa.column("done"))
ANNOUNCED = sa.table("announced", sa.column("epoch"), sa.column("event"))
LEADER = sa.table("leader", sa.column("id"), sa.column("epoch"))


class Text(NamedTuple):
    """A column with JSON by which leader and members talk to each other: errors in it may name a customer."""

    table: str
    key: str
    column: str


TEXTS = (
    Text("commands", "id", "args"),
    Text("commands", "id", "result"),
    Text("command_events", "number", "event"),
    Text("announced", "number", "event"),
    Text("status", "id", "value"),
)


class OfficeArchive(Archive):
    """The lists and drafts on an office's server, with what else is there of a customer."""

    __slots__ = ()

    def records(self, customer: Customer) -> dict[str, list[dict[str, Any]]]:
        """As :meth:`Archive.records`; also the office's watched records, and messages between its computers."""
        found = Archive.records(self, customer)
        found["watches"] = [watch for _, watch in _watches(self.lists, customer, self.orders(customer))]
        found["office"] = [
            {"table": text.table, "key": key, text.column: value}
            for text, key, value, _ in _texts(self.lists, customer)
        ]
        return found


@contextmanager
def on_server(server: Server, entities: Sequence[Entity]) -> Iterator[OfficeArchive]:
    """The archive of an office, as of one moment. Needs no leader and changes nothing. Raises :class:`StoreError`, also
    ``office-older`` and ``office-newer`` for tables of another version."""
    with transaction(server, "one customer", writes=False) as connection:
        _require_current(connection, entities, str(server))
        yield OfficeArchive(entities, connection, connection if _has_drafts(connection) else None)


def erase(server: Server, entities: Sequence[Entity], wanted: str, known: Customer) -> dict[str, int]:
    """Erase the customer on the server, completely or not at all; returns the numbers of rows removed or cleaned.

    ``wanted``, ``known``: as for :func:`finding.find`; a read may have stored another name since. Raises
    :class:`StoreError` as :func:`on_server`, and ``office-data-busy`` if another program did not end its transaction;
    then nothing was changed there. Afterwards the tables are vacuumed, so that the rows are not left in them as dead
    ones; where the role may not do that, the server does it later.
    """
    try:
        with transaction(server, "erasing", writes=True) as connection:
            _require_current(connection, entities, str(server))
            counts = _erased(connection, entities, wanted, known)
    except StoreError as error:
        if error.code not in ("locked", "office-slow"):
            raise
        raise StoreError("office-data-busy", path=str(server)) from error
    _vacuum(server)
    return counts


def _erased(connection: sa.Connection, entities: Sequence[Entity], wanted: str, known: Customer) -> dict[str, int]:
    _end_leadership(connection)
    try:
        customer = finding.find(connection, entities, wanted, known)
    except StoreError as error:
        if error.code not in ("customer-unknown", "customer-several"):
            raise
        customer = known
    orders = personal.keys_in(connection, entities, customer, "orders")
    counts = personal.erase(connection, entities, customer)
    _show_change(connection, [entity.name for entity in entities if _was_changed(entity.name, counts)])
    has_drafts = _has_drafts(connection)
    for table in UNFENCED if has_drafts else UNFENCED[2:]:
        connection.exec_driver_sql(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
    if has_drafts:
        counts |= drafts_personal.erase(connection, customer)
    return counts | _erase_messages(connection, customer, orders)


def others_present(server: Server, own: str) -> tuple[str, ...]:
    """The computers of the office on which Archisync runs now, without ``own``."""
    with transaction(server, "one customer", writes=False) as connection:
        names = {str(row.name) for row in connection.execute(sa.text(PRESENT))}
    return tuple(sorted(names - {own}))


def _require_current(connection: sa.Connection, entities: Sequence[Entity], place: str) -> None:
    try:
        migrate.refuse_newer(connection, place)
        if _has_drafts(connection):
            version_on_server(connection, place)
    except StoreError as error:
        raise StoreError("office-newer", path=place) from error
    form = migrate.form(connection, entities)
    if form is not migrate.Form.CURRENT:
        raise StoreError("office-missing" if form is migrate.Form.NEW else "office-older", path=place)


def _has_drafts(connection: sa.Connection) -> bool:
    """Whether a panel has made the drafts' tables."""
    return bool(sa.inspect(connection).has_table(DRAFTS.name))


def _end_leadership(connection: sa.Connection) -> None:
    connection.execute(
        sa.text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": f"{OTHERS_WAIT * 1000:.0f}"}
    )
    # Locked also where there was no leader yet: so none can begin before the commit.
    connection.execute(sa.select(LEADER.c.epoch).where(LEADER.c.id == 1).with_for_update())
    dialect.end_leadership(connection)


def _was_changed(name: str, counts: Mapping[str, int]) -> bool:
    return bool(counts.get(name) or counts.get(f"{name}-blanked"))


def _show_change(connection: sa.Connection, lists: Sequence[str]) -> None:
    """Have all panels of the office read these lists again, as after an operator's change of their rows."""
    epoch, now = connection.execute(sa.select(LEADER.c.epoch, sa.func.clock_timestamp())).one()
    boot = uuid.uuid4().hex
    for revision, name in enumerate(lists):
        event = as_json(Event(boot, revision, now, QueueUpdated(type=name)))
        connection.execute(ANNOUNCED.insert().values(epoch=epoch, event=json.dumps(event)))


def _erase_messages(connection: sa.Connection, customer: Customer, orders: Sequence[str]) -> dict[str, int]:
    watches = list(_watches(connection, customer, orders))
    for key, _ in watches:  # not deleted, so that the other computers remove theirs (``office.shared_rows``)
        ended = {"value": "null", "version": SETTINGS.c.version + 1}
        connection.execute(SETTINGS.update().where(SETTINGS.c.key == key).values(ended))
    # The former leader's answers are not taken any more; the next leader takes the commands.
    connection.execute(COMMANDS.update().where(COMMANDS.c.done.is_(None)).values(epoch=None))
    count = 0
    for text, key, _, cleaned in _texts(connection, customer):
        table = sa.table(text.table, sa.column(text.key), sa.column(text.column))
        connection.execute(table.update().where(table.c[text.key] == key).values({text.column: json.dumps(cleaned)}))
        count += 1
    return {name: number for name, number in (("watches", len(watches)), ("office", count)) if number}


def _watches(
    connection: sa.Connection, customer: Customer, orders: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and value of the office's watches of the customer's record and orders."""
    numbers = frozenset(orders)
    rows = sa.select(SETTINGS.c.key, SETTINGS.c.value).where(SETTINGS.c.key.startswith(WATCHES, autoescape=True))
    for row in each_row(connection, rows):
        watch = _value(row["value"])
        if isinstance(watch, dict) and customer.watched(watch, numbers):
            yield str(row["key"]), watch


def _texts(connection: sa.Connection, customer: Customer) -> Iterator[tuple[Text, Any, Any, Any]]:
    """The values of :data:`TEXTS` that name the customer: column, key of the row, value, cleaned value."""
    for text in TEXTS:
        table = sa.table(text.table, sa.column(text.key), sa.column(text.column))
        for row in each_row(connection, sa.select(table)):
            value = _value(row[text.column])
            cleaned = customer.without(value)
            if cleaned != value:
                yield text, row[text.key], value, cleaned


def _value(text: object) -> Any:
    """The value of a JSON text; the text itself if it is damaged."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return text


def _vacuum(server: Server) -> None:
    """Remove dead rows from the office's tables, as far as the role may do that now."""
    try:
        with server.connect("archisync vacuum", statement_seconds=VACUUM_SECONDS, autocommit=True) as connection:
            for (table,) in connection.execute(dialect.OWN_TABLES).fetchall():
                connection.execute(sql.SQL("VACUUM (SKIP_LOCKED) {}").format(sql.Identifier(table)))
    except psycopg.Error as error:
        log.warning("the office's tables could not be vacuumed; the server does it later: %s", error)
