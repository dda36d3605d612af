"""The full-text index of the stored rows that *Find* searches (``find.py``): its definition, and keeping it up to date.

Each list has an FTS5 table of trigrams over the search text (``keys.search_text``) of its rows that are not deleted; no
text is stored twice. Three characters computed from the account (its *marks*) follow it, to exclude other accounts
before any row is read.

Triggers store each changed row's id in ``find_pending``; :func:`catch_up` updates the index before the same transaction
ends. Updating the index in the triggers would be 25 times as slow, since FTS5 flushes after each statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import schema
from archisync_gui.store.dialect import is_postgres
from archisync_gui.store.errors import StoreError, code_of
from archisync_gui.store.schema import DECLARED

PENDING = "find_pending"
"""Table of changed rows. Its row in ``declared`` has the version and lists of the index and SQLite's schema version."""
VERSION = 2
"""Increase it when the index's definition changes: the index is then rebuilt."""
PARTS = 4
"""With so many parts, of which FTS5 begins one for each MB, a list's index is merged into one by the daily clean-up: a
search reads each of them."""
OPTIONS = "tokenize='trigram case_sensitive 1', detail=none, columnsize=0"
"""Options of the FTS5 tables. Without positions (``detail=none``) the index has a third of the size; whether a row has
the words themselves is checked afterwards."""


def index_name(entity: Entity) -> str:
    """The FTS5 table of a list."""
    return f"{entity.name}_find"


def prepare(connection: sa.Connection, entities: Sequence[Entity]) -> None:
    """Create the index if it is missing, rebuild it if it may not match the rows. Call it in a write transaction, after
    the migration. SQLite's schema version shows whether a table was changed since, or ``VACUUM`` has given the rows new
    row ids, to which the index refers. PostgreSQL maintains its index itself (``dialect.after_migration``)."""
    if is_postgres(connection):
        return
    wanted = [VERSION, *(entity.name for entity in entities)]
    kept = connection.scalar(sa.select(DECLARED.c.search).where(DECLARED.c.entity == PENDING))
    matches = kept == {"made": wanted, "schema": _schema_version(connection)}
    if matches and not _missing(connection, entities):
        catch_up(connection, entities)
        return
    rebuild(connection, entities)


def rebuild(connection: sa.Connection, entities: Sequence[Entity]) -> None:
    """Rebuild the whole index from the rows (about 1 s for 100,000 rows)."""
    if is_postgres(connection):
        return
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {PENDING}")
    connection.exec_driver_sql(
        f"CREATE TABLE {PENDING} (entity TEXT NOT NULL, row INTEGER NOT NULL, before TEXT, "
        "PRIMARY KEY (entity, row)) WITHOUT ROWID"
    )
    for entity in entities:
        _drop(connection, entity)
        for statement in _definition(entity):
            connection.exec_driver_sql(statement)
    wanted = [VERSION, *(entity.name for entity in entities)]
    made = {"made": wanted, "schema": _schema_version(connection)}
    connection.execute(DECLARED.delete().where(DECLARED.c.entity == PENDING))
    connection.execute(DECLARED.insert().values(entity=PENDING, search=made))


def catch_up(connection: sa.Connection, entities: Iterable[Entity]) -> None:
    """Update the index for the rows changed in this transaction. Each transaction that writes rows must end with it."""
    if is_postgres(connection):
        return
    for entity in entities:
        name, find = entity.name, index_name(entity)
        if connection.exec_driver_sql(f"SELECT 1 FROM {PENDING} WHERE entity = ? LIMIT 1", (name,)).first() is None:
            continue
        connection.exec_driver_sql(
            f"INSERT INTO {find}({find}, rowid, text) SELECT 'delete', row, before FROM {PENDING} "
            "WHERE entity = ? AND before IS NOT NULL",
            (name,),
        )
        connection.exec_driver_sql(
            f"INSERT INTO {find}(rowid, text) SELECT id, text FROM {find}_text "
            f"WHERE id IN (SELECT row FROM {PENDING} WHERE entity = ?)",
            (name,),
        )
        connection.exec_driver_sql(f"DELETE FROM {PENDING} WHERE entity = ?", (name,))


def merge(connection: sa.Connection, entity: Entity, entities: Sequence[Entity]) -> None:
    """Merge the parts of a list's index if it has :data:`PARTS` (about 1 s for 100,000 rows); rebuild the index of all
    ``entities`` if it is damaged. PostgreSQL maintains its index itself."""
    if is_postgres(connection):
        return
    find = index_name(entity)
    with rebuilt_if_damaged(connection, entities):
        parts = connection.exec_driver_sql(f"SELECT count(DISTINCT segid) FROM {find}_idx").scalar_one()
        if parts >= PARTS:
            connection.exec_driver_sql(f"INSERT INTO {find}({find}) VALUES ('optimize')")


@contextmanager
def rebuilt_if_damaged(connection: sa.Connection, entities: Sequence[Entity]) -> Iterator[None]:
    """Rebuild the index of all lists if a statement in this context fails because it is damaged."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if not is_damaged(error):
            raise
        rebuild(connection, entities)


def is_damaged(error: BaseException) -> bool:
    """Whether an error may be due to a damaged index, so that rebuilding it may help."""
    code = error.code if isinstance(error, StoreError) else code_of(error)
    if code is not None:
        return code == "damaged"
    message = str(getattr(error, "orig", error))
    return any(part in message for part in ("vtable constructor failed", "fts5", "_find"))


def check(connection: sa.Connection, entities: Iterable[Entity]) -> None:
    """Compare the whole index with the rows; SQLite raises ``DatabaseError`` if they differ. Needs the writing
    connection, but writes nothing."""
    if is_postgres(connection):
        return
    for entity in entities:
        find = index_name(entity)
        connection.exec_driver_sql(f"INSERT INTO {find}({find}, rank) VALUES ('integrity-check', 1)")


def _schema_version(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA schema_version").scalar() or 0)


def _missing(connection: sa.Connection, entities: Sequence[Entity]) -> bool:
    present = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    wanted = {PENDING}
    for entity in entities:
        find = index_name(entity)
        wanted |= {find, *(f"{find}_{part}" for part in ("text", "data", "idx", "config", "added", "changed", "gone"))}
    return not wanted <= present


def _drop(connection: sa.Connection, entity: Entity) -> None:
    find = index_name(entity)
    for trigger in ("added", "changed", "gone"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {find}_{trigger}")
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {find}")
    except sa.exc.DBAPIError:
        _make_openable(connection, find)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {find}")
    connection.exec_driver_sql(f"DROP VIEW IF EXISTS {find}_text")


def _make_openable(connection: sa.Connection, find: str) -> None:
    """Replace the tables of a damaged index by those of an empty one, since FTS5 can drop only an index that it can
    open."""
    connection.exec_driver_sql(f"CREATE VIRTUAL TABLE find_empty USING fts5(text, content='', {OPTIONS})")
    for part in ("data", "idx", "config"):
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {find}_{part}")
        made = connection.exec_driver_sql(
            f"SELECT sql FROM sqlite_master WHERE name = 'find_empty_{part}'"
        ).scalar_one()
        connection.exec_driver_sql(made.replace("find_empty", find))
        connection.exec_driver_sql(f"INSERT INTO {find}_{part} SELECT * FROM find_empty_{part}")
    connection.exec_driver_sql("DROP TABLE find_empty")


def _definition(entity: Entity) -> list[str]:
    """The statements that create and fill a list's index and its triggers."""
    table, find, search, gone = entity.name, index_name(entity), schema.SEARCH, schema.DELETED_AT
    note = f"INSERT OR IGNORE INTO {PENDING} VALUES ('{table}', "
    before = f"CASE WHEN old.{gone} IS NULL THEN {_indexed('old.')} END"
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in (search, gone, schema.ACCOUNT))
    return [
        f"CREATE VIEW {find}_text AS SELECT rowid AS id, {_indexed('')} AS text FROM {table} WHERE {gone} IS NULL",
        f"CREATE VIRTUAL TABLE {find} USING fts5(text, content='{find}_text', content_rowid='id', {OPTIONS})",
        f"INSERT INTO {find}({find}) VALUES ('rebuild')",
        f"CREATE TRIGGER {find}_added AFTER INSERT ON {table} BEGIN {note}new.rowid, NULL); END",
        f"CREATE TRIGGER {find}_changed AFTER UPDATE OF {search}, {gone}, {schema.ACCOUNT} ON {table} WHEN {changed} "
        f"BEGIN {note}old.rowid, {before}); END",
        f"CREATE TRIGGER {find}_gone AFTER DELETE ON {table} BEGIN {note}old.rowid, {before}); END",
    ]


MARKS = 0xF0000
"""The first code point used for marks of accounts: private use, so that no text of the ERP has it."""
MODULUS = 32749
"""The largest prime below 2**15: a mark below :data:`MARKS` plus this is still a code point for private use."""
WEIGHED = range(1, 9)
"""Positions, from both ends of an account, of the characters that its marks depend on. Rows are compared by account,
too."""


def _indexed(row: str) -> str:
    """SQL of the indexed text: the search text, with a blank on either side so that the beginning and the end of a word
    can be searched like letters, and the marks. ``row``: prefix of the columns (``old.``, or empty)."""
    account = f"{row}{schema.ACCOUNT}"

    def weighed(side: int) -> str:
        products = (f"{at} * coalesce(unicode(substr({account}, {side * at}, 1)), 0)" for at in WEIGHED)
        return f"{MARKS} + ({' + '.join(products)}) % {MODULUS}"

    marks = f"char({MARKS} + length({account}), {weighed(1)}, {weighed(-1)})"
    return f"' ' || {row}{schema.SEARCH} || ' ' || {marks}"


def marks(account: str) -> str:
    """The marks of an account, as :func:`_indexed` computes them in SQL."""

    def weighed(text: str) -> int:
        return MARKS + sum(at * ord(c) for at, c in zip(WEIGHED, text, strict=False)) % MODULUS

    return "".join(map(chr, (MARKS + len(account), weighed(account), weighed(account[::-1]))))
