"""The tables: fixed ones (migrated by Alembic) and one for each declared entity (derived from its declaration)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from archisync_gui.entities.declaration import Column, Entity, Kind

log = logging.getLogger(__name__)

FIXED = sa.MetaData()
"""Tables that do not depend on declarations. A change here needs a new file in ``migrations/versions``."""


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An aware ``datetime`` stored as ISO 8601 text in UTC with microseconds, so that texts sort like times."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else _time(value)


def _time(value: object) -> datetime | None:
    """A stored time; ``None`` if it is damaged, so that only its own row is affected."""
    try:
        found = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        log.warning("a stored time cannot be read and is left out: %.60r", value)
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


class WholeNumber(sa.types.TypeDecorator[int]):
    """A whole number. SQLite stores values of any type in such a column; a value that is no whole number is read as 0,
    so that only its own row is affected (``None`` stays ``None``)."""

    impl = sa.Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        # SQLite's INTEGER has 64 bits.
        return dialect.type_descriptor(sa.BigInteger() if dialect.name == "postgresql" else sa.Integer())

    def process_result_value(self, value: object, dialect: sa.Dialect) -> int | None:
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        log.warning("a stored number cannot be read and counts as 0: %.60r", value)
        return 0


def utc_text(value: datetime) -> str:
    """The stored form of an aware time; ``ValueError`` for one without offset."""
    if value.tzinfo is None:
        raise ValueError("a time without offset cannot be stored")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True)


RUNS = sa.Table(
    "runs",
    FIXED,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("key", sa.String),
    sa.Column("origin", sa.String, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("asked", UtcTime, nullable=False),
    sa.Column("started", UtcTime, nullable=False),
    sa.Column("ended", UtcTime),
    sa.Column("outcome", sa.String),
    sa.Column("as_of", UtcTime),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("added", sa.Integer, nullable=False),
    sa.Column("changed", sa.Integer, nullable=False),
    sa.Column("gone", sa.Integer, nullable=False),
    sa.Column("warnings", _json()),
    sa.Column("error", _json()),
    sa.Column("suspensions", _json()),
    sa.Column("seconds", sa.Float),
    sa.Index("runs_by_time", "started"),
    sa.Index("runs_by_type", "type", "account", "started"),
    sa.Index("runs_by_outcome", "outcome", "started"),
    sa.Index("runs_in_order", "type", "account", "scope"),
)
"""One row for each attempt (rule 31). The row id gives the order in which they began, whatever the clock showed."""

RUN_ORDER: sa.ColumnClause[int] = sa.literal_column("runs.rowid", sa.Integer)

RUN_PAIRS = sa.text(
    "WITH RECURSIVE types(type) AS (SELECT min(type) FROM runs UNION ALL "
    "SELECT (SELECT min(type) FROM runs WHERE type > t.type) FROM types AS t WHERE t.type IS NOT NULL), "
    "pairs(type, account) AS ("
    "SELECT t.type, (SELECT min(account) FROM runs WHERE type = t.type) FROM types AS t WHERE t.type IS NOT NULL "
    "UNION ALL "
    "SELECT p.type, (SELECT min(account) FROM runs WHERE type = p.type AND account > p.account) FROM pairs AS p "
    "WHERE p.account IS NOT NULL) SELECT type, account FROM pairs WHERE account IS NOT NULL"
)
"""Query: each type and account that has runs. It jumps from one to the next in the index; ``DISTINCT`` would read all
runs of a year."""


EVENTS = sa.Table(
    "events",
    FIXED,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("boot", sa.String, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("data", _json()),
    sa.Index("events_by_time", "at"),
)

EXPLANATIONS = sa.Table(
    "explanations",
    FIXED,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("params", _json()),
    sa.Column("forecast", _json()),
    sa.Index("explanations_by_time", "at"),
)

NOTES = sa.Table(
    "notes",
    FIXED,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", _json()),
)

READS = sa.Table(
    "reads",
    FIXED,
    sa.Column("entity", sa.String, primary_key=True),
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("run_id", sa.String),
    sa.Column("last_success", UtcTime),
    sa.Column("new_as_of", UtcTime),
    sa.Column("all_as_of", UtcTime),
    sa.Column("rows", WholeNumber, nullable=False),
    sa.Column("seen_keys", sa.LargeBinary),
    sa.Column("number", WholeNumber, nullable=False, server_default="0"),
    sa.Column("new_number", WholeNumber, nullable=False, server_default="0"),
    sa.Column("whole_number", WholeNumber, nullable=False, server_default="0"),
    sa.Column("garbage", WholeNumber),
    sa.Column("doubtful", _json()),
)
"""The times as of which the stored rows are current; written in the transaction that writes the rows, so that both
agree.

``rows``, ``garbage`` and ``seen_keys`` (compressed) are those of the last applied whole read, for the checks of the
next one. ``number`` counts the changes of this list's rows (reads, clear, re-key). ``new_number`` is the number of the
change that set ``new_as_of``, ``whole_number`` that of the last change that replaced the whole list. ``doubtful`` names
the times that were written before the wall clock was set back (rule 30).
"""

TOUCHED = sa.Table(
    "touched",
    FIXED,
    sa.Column("entity", sa.String, primary_key=True),
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("row_key", sa.String, primary_key=True),
    sa.Column("number", WholeNumber, nullable=False),
    sa.Column("proven", sa.Boolean, nullable=False),
)
"""Rows written by other reads than clean whole ones, since the last clean whole read.

``number``, as in ``reads``: a whole read that began before this change does not overwrite the row. ``proven`` false:
the row was written by a read that does not prove that the rows next to it are known (unclean, or of a single record),
so a fast read may not stop at it (rule 12).
"""

CHANGES = sa.Table(
    "changes",
    FIXED,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("entity", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("row_key", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("field", sa.String),
    sa.Column("before", _json()),
    sa.Column("after", _json()),
    sa.Column("percent", WholeNumber),
    sa.Column("fields", sa.Text),
    sa.Index("changes_by_row", "entity", "account", "row_key", "id"),
    sa.Index("changes_by_time", "at"),
    sa.Index("changes_by_run", "run_id"),
)
"""The change log: a line for each row that a read changed. ``fields`` has the changed fields (:mod:`.fields`),
``percent`` the largest difference of an amount in hundredths of a percent. Lines from before version 0005 have one
field each, in the columns ``field``, ``before`` and ``after``. Since then ``before`` and ``after`` are used for the
keys of a renumbered row only."""

REFUSED = sa.Table(
    "refused_reads",
    FIXED,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("entity", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("kept_at", UtcTime, nullable=False),
    sa.Column("as_of", UtcTime, nullable=False),
    sa.Column("clean", sa.Boolean, nullable=False),
    sa.Column("rows", WholeNumber, nullable=False),
    sa.Column("number", WholeNumber, nullable=False, server_default="0"),
    sa.Column("after", WholeNumber),
    sa.Column("garbage", WholeNumber, nullable=False, server_default="0"),
)
"""Refused whole reads, kept for 24 h so that exactly these can be accepted."""

REFUSED_ROWS = sa.Table(
    "refused_rows",
    FIXED,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("chunk", sa.Integer, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
"""The rows of refused reads, 200 in each chunk (compressed JSON)."""

DECLARED = sa.Table(
    "declared",
    FIXED,
    sa.Column("entity", sa.String, primary_key=True),
    sa.Column("search", _json()),
)
"""The columns from which the search text of each data table was computed; and the state of the index
(``find_index.PENDING``)."""

UNFILLED = sa.Table(
    "unfilled_columns",
    FIXED,
    sa.Column("entity", sa.String, primary_key=True),
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("column", sa.String, primary_key=True),
)
"""Columns that a later declaration added and that no clean whole read has filled yet: their first values are no changes
in the ERP and are not written to the change log."""


# ------------------------------------------------------------------------------------------------ data tables

ACCOUNT, KEY, HASH = "row_account", "row_key", "row_hash"
FIRST_SEEN, LAST_CHANGED = "row_first_seen", "row_last_changed"
MISSING_SINCE, DELETED_AT = "row_missing_since", "row_deleted_at"
BLANKS, SEARCH = "row_blanks", "row_search"
META = (ACCOUNT, KEY, HASH, FIRST_SEEN, LAST_CHANGED, MISSING_SINCE, DELETED_AT, BLANKS, SEARCH)
"""The store's own columns of every data table; the prefix distinguishes them from the declared ones."""


def row_id(table: sa.Table) -> sa.ColumnElement[int]:
    """The column ``rowid``: SQLite's own row number, which ``VACUUM`` changes; in PostgreSQL an identity column."""
    return sa.literal_column(f"{table.name}.rowid", sa.BigInteger)


def columns_there(connection: sa.Connection, table: str) -> set[str]:
    """The columns that a table has in this database, whose schema may be of another version; none without the table."""
    inspector = sa.inspect(connection)
    return {column["name"] for column in inspector.get_columns(table)} if inspector.has_table(table) else set()


def sql_type(column: Column) -> sa.types.TypeEngine[Any]:
    """The SQL type for a declared column."""
    match column.kind:
        case Kind.INTEGER | Kind.NUMBER | Kind.MONEY | Kind.PERCENT:
            return sa.BigInteger()
        case Kind.BOOL:
            return sa.Boolean()
        case _:
            return sa.Text()


_tables: dict[int, tuple[Entity, sa.Table]] = {}
"""Cache of :func:`data_table`, by ``id`` of the declaration (stored as well, so that the id is not reused); making a
table takes two milliseconds."""


def data_table(entity: Entity) -> sa.Table:
    """The table of a declared entity: its columns, and those of :data:`META`. Raises ``ValueError`` for a declaration
    that the store cannot use."""
    if id(entity) not in _tables:
        _tables[id(entity)] = entity, _data_table(entity)
    return _tables[id(entity)][1]


def _data_table(entity: Entity) -> sa.Table:
    names = [column.name for column in entity.columns]
    if clash := [name for name in names if name.startswith("row_")]:
        raise ValueError(f"{entity.name}: column names may not begin with row_: {clash}")
    if len(set(names)) != len(names) or not set(entity.key) <= set(names):
        raise ValueError(f"{entity.name}: column names must be unique and the key must be among them")
    if entity.name in FIXED.tables:
        raise ValueError(f"{entity.name} is the name of one of the store's own tables")
    return sa.Table(
        entity.name,
        sa.MetaData(),
        sa.Column(ACCOUNT, sa.String, primary_key=True),
        sa.Column(KEY, sa.String, primary_key=True),
        sa.Column(HASH, sa.LargeBinary(16)),
        sa.Column(FIRST_SEEN, UtcTime, nullable=False),
        sa.Column(LAST_CHANGED, UtcTime, nullable=False),
        sa.Column(MISSING_SINCE, UtcTime),
        sa.Column(DELETED_AT, UtcTime),
        sa.Column(BLANKS, _json()),
        sa.Column(SEARCH, sa.Text, nullable=False),
        *(sa.Column(column.name, sql_type(column)) for column in entity.columns),
        sa.Index(f"{entity.name}_by_state", ACCOUNT, DELETED_AT, MISSING_SINCE),
    )
