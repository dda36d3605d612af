"""The full-text index of the stored rows: keeping it up to date, and searching it.

SQLite's FTS5 with trigrams finds any part of a name from three characters on, and beginnings of words from two. Each
list has an index over the search text (``keys.search_text``) of its rows that are not deleted; no text is stored twice.
Three characters computed from the account (its *marks*) follow it, to exclude other accounts before any row is read.

Triggers store each changed row's id in ``find_pending``; :func:`catch_up` updates the index before the same transaction
ends. Updating the index in the triggers would be 25 times as slow, since FTS5 flushes after each statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import schema
from archisync_gui.store.dialect import containing, is_postgres
from archisync_gui.store.errors import StoreError, code_of
from archisync_gui.store.keys import folded
from archisync_gui.store.schema import DECLARED

PENDING = "find_pending"
"""Table of changed rows. Its row in ``declared`` has the version and lists of the index and SQLite's schema version."""
VERSION = 2
"""Increase it when the index's definition changes: the index is then rebuilt."""
CANDIDATES = 800
"""The most rows with all trigrams of the words that are checked for the words themselves, newest first. No limit if a
word with a digit is long enough for a trigram, so that an exact number is always found."""
FEW = 400
"""Up to so many rows with all trigrams are read and ranked in Python, instead of one query for each rank. That is usual
for a rare name. It also avoids the slowest query: two frequent words that rarely occur together."""
SHORTEST = 2
"""Texts with fewer characters in all their words are not searched."""
MOST_WORDS = 50
"""The most words of a typed text that are searched: the query for a pasted page would be too large for SQLite."""
VAT_NUMBER = re.compile("it[0-9]{11}")
"""An Italian VAT number with its country, in lower case."""
OPTIONS = "tokenize='trigram case_sensitive 1', detail=none, columnsize=0"
"""Options of the FTS5 tables. Without positions (``detail=none``) the index has a third of the size; whether a row has
the words themselves is checked afterwards."""


def index_name(entity: Entity) -> str:
    """The FTS5 table of a list."""
    return f"{entity.name}_find"


# -------------------------------------------------------------------------------------------------- maintenance


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


def _marks(account: str) -> str:
    """The marks of an account, as :func:`_indexed` computes them in SQL."""

    def weighed(text: str) -> int:
        return MARKS + sum(at * ord(c) for at, c in zip(WEIGHED, text, strict=False)) % MODULUS

    return "".join(map(chr, (MARKS + len(account), weighed(account), weighed(account[::-1]))))


# ------------------------------------------------------------------------------------------------------- search


def words(text: str) -> tuple[str, ...]:
    """The words to search for a typed text, without case, accents and punctuation. A number with punctuation is one
    word, as in the search text: ``26-002`` → ``26002``. Empty for a text that is too short."""
    parts = ("".join(filter(str.isalnum, part)) for part in folded(text).split())
    joined = re.sub(r"\bit ([0-9]{11})\b", r"it\1", " ".join(filter(None, parts)))  # a VAT number
    found = tuple(dict.fromkeys(joined.split()))[:MOST_WORDS]
    return found if sum(map(len, found)) >= SHORTEST else ()


def without_country(word: str) -> str:
    """The word without the country, if it is a VAT number with it: lists may have either form."""
    return word[2:] if VAT_NUMBER.fullmatch(word) else word


def rows_with(
    connection: sa.Connection, entity: Entity, table: sa.Table, accounts: Sequence[str], text: str, limit: int
) -> tuple[list[tuple[str, str]], bool]:
    """Account and key of rows (not deleted) for a typed text, best first: rows that have all its words as whole words,
    then as beginnings of words, then as any part; newest first within each. Also whether some have the whole words."""
    wanted = words(text)
    found, exact = _rows_with(connection, entity, table, accounts, wanted, limit)
    bare = tuple(map(without_country, wanted))
    if found or bare == wanted:
        return found, exact
    return _rows_with(connection, entity, table, accounts, bare, limit)


def _rows_with(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    accounts: Sequence[str],
    wanted: Sequence[str],
    limit: int,
) -> tuple[list[tuple[str, str]], bool]:
    ranks = [[f"{before}{word}{after}" for word in wanted] for before, after in RANKS]
    if not accounts or not wanted:
        return [], False
    owners: Sequence[str] = ()
    if not is_postgres(connection):
        owners = _accounts_to_match(connection, table, accounts)
        few = _ranked_if_few(connection, entity, table, accounts, owners, ranks)
        if few is not None:
            best = sorted(few, key=lambda row: (row[0], -row[1]))[:limit]
            return [(account, key) for _, _, account, key in best], bool(best) and best[0][0] == 0
    found: dict[tuple[str, str], None] = {}
    exact = False
    for rank, parts in enumerate(ranks):
        if len(found) < limit:
            found = found | dict.fromkeys(_matches(connection, entity, table, accounts, owners, parts, limit))
            exact = exact or (rank == 0 and bool(found))
    return list(found)[:limit], exact


RANKS = ((" ", " "), (" ", ""), ("", ""))
"""What is added before and after each word for a rank, best first: whole words, beginnings of words, any part."""


def _ranked_if_few(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    accounts: Sequence[str],
    owners: Sequence[str],
    ranks: Sequence[list[str]],
) -> list[tuple[int, int, str, str]] | None:
    """Rank, row id, account and key of all rows that match at any rank; ``None``: more than :data:`FEW` candidates."""
    weakest = [parts for parts in ranks if any(len(part) >= 3 for part in parts)]
    if not weakest:
        return []
    index, name, search = index_name(entity), table.name, schema.SEARCH
    statement = f"SELECT rowid FROM {index} WHERE {index} MATCH ? ORDER BY rowid DESC LIMIT {FEW + 1}"
    ids = [row for (row,) in connection.exec_driver_sql(statement, (_match(weakest[-1], owners),))]
    if len(ids) > FEW:
        return None
    if not ids:
        return []
    statement = (
        f"SELECT rowid, {schema.ACCOUNT}, {schema.KEY}, {search} FROM {name} WHERE rowid IN "
        f"({', '.join(map(str, ids))}) AND +{schema.ACCOUNT} IN ({', '.join('?' * len(accounts))}) "
        f"AND +{schema.DELETED_AT} IS NULL"  # the plus signs keep SQLite from using an index of these columns
    )
    found = []
    for row, account, key, text in connection.exec_driver_sql(statement, tuple(accounts)):
        whole = f" {text or ''} "
        rank = next((at for at, parts in enumerate(ranks) if all(part in whole for part in parts)), None)
        if rank is not None:
            found.append((rank, row, account, key))
    return found


def rows_of_value(
    connection: sa.Connection, entity: Entity, table: sa.Table, account: str, column: str, value: str
) -> list[sa.ColumnElement[bool]]:
    """The conditions for rows (not deleted) whose ``column`` is ``value``; with the index if it includes that
    column."""
    c = table.c
    where: list[sa.ColumnElement[bool]] = [
        c[schema.ACCOUNT] == account,
        c[schema.DELETED_AT].is_(None),
        c[column] == value,
    ]
    text = folded(value)
    if column in (*entity.search, *entity.key) and text and "\0" not in text:  # FTS5 reads a query up to a NUL only
        part = f" {text} "
        where += containing(table, [part]) if is_postgres(connection) else [_in_index(entity, table, part)]
    return where


def _in_index(entity: Entity, table: sa.Table, part: str) -> sa.ColumnElement[bool]:
    """SQL condition: the row has all trigrams of ``part``."""
    find = sa.table(index_name(entity))
    match = sa.literal_column(index_name(entity)).op("MATCH")(_match([part]))
    return schema.row_id(table).in_(sa.select(sa.literal_column("rowid", sa.Integer)).select_from(find).where(match))


def _match(parts: Sequence[str], owners: Sequence[str] = ()) -> str:
    """The FTS5 query: all trigrams of the parts; of parts with more than six characters every second one and the last,
    since the others exclude hardly any more rows and double the time. Quotation marks are doubled. ``owners``: only
    rows with these accounts' marks; empty: rows of all accounts."""
    places = []
    for part in parts:
        last, step = len(part) - 3, 1 if len(part) <= 6 else 2
        places += [(part, at) for at in range(last + 1) if at % step == 0 or at == last]
    trigrams = dict.fromkeys(part[at : at + 3].replace('"', '""') for part, at in places)
    owned = " OR ".join(f'"{_marks(account)}"' for account in owners)
    return " AND ".join([*(f'"{trigram}"' for trigram in trigrams), *([f"({owned})"] if owned else [])])


def _accounts_to_match(connection: sa.Connection, table: sa.Table, accounts: Sequence[str]) -> Sequence[str]:
    """``accounts`` if the list has rows of other accounts, else none: a query with marks takes up to 40 % longer."""
    account, ordered = table.c[schema.ACCOUNT], sorted(accounts)
    below, above = [None, *ordered], [*ordered, None]
    gaps = [
        sa.exists().where(
            *([account > low] if low is not None else []), *([account < high] if high is not None else [])
        )
        for low, high in zip(below, above, strict=True)
    ]
    return accounts if connection.scalar(sa.select(sa.or_(*gaps))) else ()


def _matches(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    accounts: Sequence[str],
    owners: Sequence[str],
    parts: Sequence[str],
    limit: int,
) -> list[tuple[str, str]]:
    if not accounts or not any(len(part) >= 3 for part in parts):
        return []
    if is_postgres(connection):
        c = table.c
        chosen = sa.select(c[schema.ACCOUNT], c[schema.KEY]).where(
            c[schema.ACCOUNT].in_(accounts), c[schema.DELETED_AT].is_(None), *containing(table, parts)
        )
        newest = connection.execute(chosen.order_by(schema.row_id(table).desc()).limit(limit))
        return [(account, key) for account, key in newest]
    number = any(len(part) >= 3 and any(map(str.isdigit, part)) for part in parts)
    statement = _statement(table.name, index_name(entity), len(accounts), len(parts), bounded=not number)
    values = (_match(parts, owners), *accounts, *parts, limit)
    found = sorted(connection.exec_driver_sql(statement, values), reverse=True)
    return [(account, key) for _, account, key in found]


@lru_cache(maxsize=256)
def _statement(table: str, index: str, accounts: int, parts: int, *, bounded: bool) -> str:
    """The query of :func:`_matches`, cached: building it for each key press took longer than running it."""
    # The inner query's limit counts only rows of these accounts that are not deleted. An ORDER BY of the outer query
    # would read all candidates before the first result; the cross join keeps the index's order, and the caller sorts.
    newest = f" ORDER BY {index}.rowid DESC LIMIT {CANDIDATES if bounded else -1}"
    contains = " AND instr(text, ?) > 0" * parts
    return (
        f"SELECT id, account, key FROM (SELECT {index}.rowid AS id, t.{schema.ACCOUNT} AS account, "
        f"t.{schema.KEY} AS key, ' ' || t.{schema.SEARCH} || ' ' AS text "
        f"FROM {index} CROSS JOIN {table} AS t ON t.rowid = {index}.rowid WHERE {index} MATCH ? "
        f"AND t.{schema.ACCOUNT} IN ({', '.join('?' * accounts)}) AND t.{schema.DELETED_AT} IS NULL{newest}) "
        f"WHERE true{contains} LIMIT ?"
    )
