"""Differences between SQLite and PostgreSQL: bulk writing, search index, collation, checks, sizes.

The other modules of the store are written once for both, in SQLAlchemy Core, but for connections (``database.py`` and
``postgres.py``), backups (``backups.py`` and ``transfer.py``) and SQLite's full-text index (``find_index.py``). This
module imports no driver: psycopg is loaded only by a member of an office.

Equal on both engines:

- *Search.* Case and accents are removed in Python when a row is written and when it is searched (``keys.folded``), so
  the result does not depend on the rules of ``unaccent`` or on the server's locale. Both engines index trigrams.
- *Order.* Every text column of an office has the collation ``C``, SQLite's order, whatever the server's locale is.
  Texts are sorted without case and without the accents of Latin letters (:class:`SortedBy`).
- *Order of insertion.* SQLite's ``rowid``; in PostgreSQL an identity column of that name.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from archisync_gui.store import schema
from archisync_gui.store.keys import folded
from archisync_gui.store.seen_keys import CHUNK

log = logging.getLogger(__name__)

PARAMSTYLE = "format"
"""Parameter style of the PostgreSQL engine: positional, as SQLite's, so that ``apply`` binds tuples on both."""
TRIGRAM_INDEX = "_by_trigram"
SEARCHED = f"(' ' || {schema.SEARCH} || ' ')"
"""The indexed expression. With the blanks the beginning and the end of a word can be searched like letters."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def is_postgres(connection: sa.Connection) -> bool:
    """Whether the connection is to an office's database."""
    return connection.dialect.name == "postgresql"


# --------------------------------------------------------------------------------------------------- bulk writing


def insert_rows(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], sql: str, rows: Sequence[Sequence[Any]]
) -> int:
    """Insert many rows; returns their number. ``sql`` is the compiled insert with its parameters in the order of
    ``columns``, for SQLite. PostgreSQL gets ``COPY``, about three times as fast as its prepared insert.
    """
    if not is_postgres(connection):
        return connection.exec_driver_sql(sql, [tuple(row) for row in rows]).rowcount
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([without_nul(value) for value in row])
    return len(rows)


def each_row(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[sa.RowMapping]:
    """The rows of a query, without having all of them in memory. The transaction may change them meanwhile."""
    yield from connection.execute(statement, execution_options={"yield_per": CHUNK}).mappings()


def raw_rows(result: sa.CursorResult[Any]) -> Iterator[tuple[Any, ...]]:
    """The driver's own tuples, for many rows: making SQLAlchemy's rows takes nearly as long as SQLite itself. Times are
    texts, and SQLite's JSON and booleans are as stored."""
    cursor: Any = result.cursor
    while part := cursor.fetchmany(CHUNK):
        yield from part
    result.close()


def without_nul(value: Any) -> Any:
    """A value without NUL characters, which PostgreSQL's texts cannot hold: replaced as HTML parsers do."""
    return value.replace("\x00", REPLACEMENT) if type(value) is str and "\x00" in value else value


# ------------------------------------------------------------------------------------------------------- reading


@contextmanager
def any_text(connection: sa.Connection) -> Iterator[None]:
    """Within this context texts that are not UTF-8 are read with replacement characters; otherwise one of them makes
    the whole query fail. PostgreSQL refuses such texts when they are written.
    """
    if is_postgres(connection):
        yield
        return
    raw: Any = connection.connection.driver_connection
    raw.text_factory = lambda data: data.decode("utf-8", "replace")
    try:
        yield
    finally:
        raw.text_factory = str


def check_rows(connection: sa.Connection) -> None:
    """Read all rows of the office's tables, so that the server checks its pages (with checksums, if enabled)."""
    for name in own_tables(connection):
        connection.execute(sa.select(sa.func.count()).select_from(sa.table(name)))


OWN_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
"""Query: the tables of the office's schema."""


def own_tables(connection: sa.Connection) -> list[str]:
    """The tables of the office's schema."""
    return sorted(connection.scalars(sa.text(OWN_TABLES)))


def size(connection: sa.Connection) -> int:
    """Bytes of the office's tables and indexes on the server's disk."""
    statement = sa.text(
        "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    return int(connection.scalar(statement) or 0)


# -------------------------------------------------------------------------------------------------------- schema


def after_migration(connection: sa.Connection, tables: Sequence[str]) -> None:
    """Set the collation of new text columns, and add row numbers and search index to the data tables ``tables``. Does
    nothing on SQLite."""
    if not is_postgres(connection):
        return
    quote = connection.dialect.identifier_preparer.quote
    statement = sa.text(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation l ON l.oid = a.attcollation "
        "WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 "
        "AND NOT a.attisdropped AND l.collname <> 'C' ORDER BY 1, 2"
    )
    for table, column, type_ in connection.execute(statement).all():
        connection.exec_driver_sql(f'ALTER TABLE {quote(table)} ALTER COLUMN {quote(column)} TYPE {type_} COLLATE "C"')
    for table in tables:
        add_rowid(connection, table)
    found = _trigram_schema(connection)
    if found is None:
        return
    for table in tables:
        name = quote(f"{table}{TRIGRAM_INDEX}")
        connection.exec_driver_sql(
            f"CREATE INDEX IF NOT EXISTS {name} ON {quote(table)} USING gin ({SEARCHED} {quote(found)}.gin_trgm_ops)"
        )


def add_rowid(connection: sa.Connection, table: str) -> None:
    """Add a column ``rowid`` to a table of the office: the order in which its rows were inserted, as in SQLite."""
    quoted = connection.dialect.identifier_preparer.quote(table)
    if "rowid" in schema.columns_there(connection, table):
        return
    connection.exec_driver_sql(f"ALTER TABLE {quoted} ADD COLUMN rowid bigint GENERATED BY DEFAULT AS IDENTITY")
    connection.exec_driver_sql(f"CREATE UNIQUE INDEX ON {quoted} (rowid)")


def _trigram_schema(connection: sa.Connection) -> str | None:
    """The schema of the server's trigram extension, which is created if it is missing. ``None``: this role may not
    create it; then a search reads all rows of an account, with the same result, but slower in a large list."""
    where = sa.text(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'"
    )
    found = connection.scalar(where)
    if found is not None:
        return str(found)
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION pg_trgm WITH SCHEMA public")
    except sa.exc.DBAPIError as error:
        found = connection.scalar(where)  # another office in this database may have created it meanwhile
        if found is not None:
            return str(found)
        log.warning("the server has no trigram index, so searches read every row: %s", error.orig)
        return None
    return "public"


# --------------------------------------------------------------------------------------------------------- search


def containing(table: sa.Table, parts: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """PostgreSQL conditions: the search text, with a blank on either side, contains all of the parts."""
    text = sa.literal_column(f"(' ' || {table.name}.{schema.SEARCH} || ' ')", sa.Text)
    return [text.like(f"%{_literal(part)}%") for part in parts]


def _literal(part: str) -> str:
    """``part`` escaped for a ``LIKE`` pattern (backslash is PostgreSQL's default escape character)."""
    text = str(without_nul(part))
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# ---------------------------------------------------------------------------------------------------------- order

PLAIN = {
    letter: plain for letter in map(chr, range(0xC0, 0x180)) if len(plain := folded(letter)) == 1 and plain.isascii()
}
"""Each Latin letter with an accent, and the small letter without it."""
_TO_PLAIN = str.maketrans(PLAIN)


class SortedBy(FunctionElement[str]):
    """SQL: a text as it is sorted, in lower case without accents (``Élan`` before ``Zeta``). Both engines' ``lower``
    changes ASCII only. On SQLite it needs a connection of :func:`define_functions`."""

    type = sa.String()
    inherit_cache = True


@compiles(SortedBy)
def _sorted_by_on_sqlite(element: SortedBy, compiler: SQLCompiler, **how: Any) -> str:
    text = compiler.process(element.clauses, **how)
    # Most texts are ASCII: for these Python is not called.
    return f"lower(CASE WHEN {text} GLOB '*[^ -~]*' THEN without_accents({text}) ELSE {text} END)"


@compiles(SortedBy, "postgresql")
def _sorted_by_on_postgres(element: SortedBy, compiler: SQLCompiler, **how: Any) -> str:
    text = compiler.process(element.clauses, **how)
    return f"lower(translate({text}, '{''.join(PLAIN)}', '{''.join(PLAIN.values())}'))"


def define_functions(connection: sqlite3.Connection) -> None:
    """Give a connection to SQLite the functions that the queries of this package use."""
    connection.create_function("without_accents", 1, _without_accents, deterministic=True)


def _without_accents(text: Any) -> Any:
    return text.translate(_TO_PLAIN) if isinstance(text, str) else text


def sequences_after(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Set the id sequences after rows were copied with their ids. Not necessary in SQLite."""
    if not is_postgres(connection):
        return
    for table in tables:
        key = list(table.primary_key)
        if len(key) == 1 and isinstance(key[0].type, sa.Integer):
            name, column = connection.dialect.identifier_preparer.quote(table.name), key[0].name
            connection.execute(
                sa.text(
                    f"SELECT setval(pg_get_serial_sequence(:table, :column), "
                    f"greatest((SELECT max({column}) FROM {name}), 1))"
                ),
                {"table": name, "column": column},
            )


def end_leadership(connection: sa.Connection) -> None:
    """End the current leadership and notify all members. An office that has never had a leader is not changed."""
    connection.exec_driver_sql("UPDATE leader SET epoch = epoch + 1, member = NULL WHERE epoch > 0")
    connection.exec_driver_sql("NOTIFY office_status")
