"""The full-text index of the stored rows: keeping it in step with them, and looking things up in it.

SQLite's FTS5 with trigrams finds any part of a name or number of three characters, and beginnings of words of two. One
index per list over the search text (``keys.search_text``) of its living rows; no text is stored twice. After the text
stand three signs of the account, so that the rows of other agents are left out before any row is read.

Triggers note each changed row in ``find_pending``; :func:`catch_up` moves the noted rows into the index before the same
transaction ends. Writing to the index inside the triggers would be 25 times slower: FTS5 flushes after every statement.
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
"""Its line in ``declared`` keeps of what the index was made and SQLite's schema version at that time."""
VERSION = 2
"""Increase it when the index's definition changes: it is then built again."""
CANDIDATES = 800
"""Living rows of the accounts asked for, with all trigrams of a word, that are looked at for the word itself, newest
first. A text with a number or code has no such limit, unless that is too short: an exact number is never missed."""
FEW = 400
"""Up to so many rows with all trigrams of a text are read at once and ranked here, not looked up once for each rank.
That is usual for a rare name. It also avoids the slowest lookup: two frequent words that are rarely together."""
SHORTEST = 2
"""Characters below which nothing is looked up."""
MOST_WORDS = 50
"""Of a typed text so many words are looked up: SQLite could not read the question that a pasted page makes."""
VAT_NUMBER = re.compile("it[0-9]{11}")
"""An Italian VAT number as it is searched, with its country."""
OPTIONS = "tokenize='trigram case_sensitive 1', detail=none, columnsize=0"
"""Of the FTS5 tables. Without positions (``detail=none``) the index is a third as large; the words themselves are
looked for in the rows that have their trigrams."""


def index_name(entity: Entity) -> str:
    """The FTS5 table of a list."""
    return f"{entity.name}_find"


# ------------------------------------------------------------------------------------------------------- upkeep


def prepare(connection: sa.Connection, entities: Sequence[Entity]) -> None:
    """Make the index where it is missing and build it again where it may not match the rows. Call it inside a write
    transaction, after the data tables have their present form.

    SQLite's schema version tells what happened to the file since: a table was changed, or ``VACUUM`` gave the rows new
    row ids, which the index refers to. PostgreSQL keeps its index in step by itself (``dialect.after_migration``).
    """
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
    """Make all of the index anew from the rows (about 1 s for 100,000 rows)."""
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
    """Bring the index up to the rows changed in this transaction. Every transaction that writes rows ends with it."""
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
    """Whether an error may come from the index alone, so that building it again is worth a try."""
    code = error.code if isinstance(error, StoreError) else code_of(error)
    if code is not None:
        return code == "damaged"
    message = str(getattr(error, "orig", error))
    return any(part in message for part in ("vtable constructor failed", "fts5", "_find"))


def check(connection: sa.Connection, entities: Iterable[Entity]) -> None:
    """Compare the whole index with the rows; SQLite raises ``DatabaseError`` where they differ. Writes nothing, but
    needs the writing connection."""
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
    """Give a damaged index the tables of an empty one: FTS5 drops only what it can open."""
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
    """The statements that make and fill a list's index. Blanks around the text let the beginning and the end of a word
    be looked up like letters."""
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


SIGNS = 0xF0000
"""Where the signs of the accounts begin: characters for private use, which no text of the ERP has."""
MODULUS = 32749
"""The largest prime below 2**15: with :data:`SIGNS` a sign stays among those for private use."""
WEIGHED = range(1, 9)
"""Characters from both ends of an account that tell it from others; two of the same signs are told apart by rows."""


def _indexed(row: str) -> str:
    """SQL of what the index holds of a row (``old.``, or nothing)."""
    account = f"{row}{schema.ACCOUNT}"

    def weighed(side: int) -> str:
        signs = (f"{at} * coalesce(unicode(substr({account}, {side * at}, 1)), 0)" for at in WEIGHED)
        return f"{SIGNS} + ({' + '.join(signs)}) % {MODULUS}"

    signs = f"char({SIGNS} + length({account}), {weighed(1)}, {weighed(-1)})"
    return f"' ' || {row}{schema.SEARCH} || ' ' || {signs}"


def _signs(account: str) -> str:
    """The signs of an account, as :func:`_indexed` writes them."""

    def weighed(text: str) -> int:
        return SIGNS + sum(at * ord(sign) for at, sign in zip(WEIGHED, text, strict=False)) % MODULUS

    return "".join(map(chr, (SIGNS + len(account), weighed(account), weighed(account[::-1]))))


# ------------------------------------------------------------------------------------------------------- lookup


def words(text: str) -> tuple[str, ...]:
    """What is looked up for a typed text: its words without case, accents and punctuation. A number with signs in it is
    one word, as in the search text: ``26-002`` → ``26002``."""
    parts = ("".join(filter(str.isalnum, part)) for part in folded(text).split())
    joined = re.sub(r"\bit ([0-9]{11})\b", r"it\1", " ".join(filter(None, parts)))  # a VAT number
    found = tuple(dict.fromkeys(joined.split()))[:MOST_WORDS]
    return found if sum(map(len, found)) >= SHORTEST else ()


def without_country(word: str) -> str:
    """A VAT number without its country, if it is typed with it: lists may hold it either way."""
    return word[2:] if VAT_NUMBER.fullmatch(word) else word


def rows_with(
    connection: sa.Connection, entity: Entity, table: sa.Table, accounts: Sequence[str], text: str, limit: int
) -> tuple[list[tuple[str, str]], bool]:
    """Account and key of living rows for a typed text, best first: all words whole, then beginnings of words, then any
    part of one; newest first within each. Also whether the best have all words whole."""
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
        owners = _owners(connection, table, accounts)
        few = _few(connection, entity, table, accounts, owners, ranks)
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
"""What stands before and after a word, best first: all words whole, beginnings of words, any part of one."""


def _few(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    accounts: Sequence[str],
    owners: Sequence[str],
    ranks: Sequence[list[str]],
) -> list[tuple[int, int, str, str]] | None:
    """Rank, row id, account and key of every row that matches at any rank; ``None``: they are too many to read all."""
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
        f"AND +{schema.DELETED_AT} IS NULL"  # with the signs, SQLite takes no index of these columns
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
    """The conditions for living rows whose ``column`` is ``value``, through the index where it holds that column."""
    c = table.c
    where: list[sa.ColumnElement[bool]] = [
        c[schema.ACCOUNT] == account,
        c[schema.DELETED_AT].is_(None),
        c[column] == value,
    ]
    text = folded(value)
    if column in (*entity.search, *entity.key) and text and "\0" not in text:  # FTS5 reads a query up to that sign
        part = f" {text} "
        where += containing(table, [part]) if is_postgres(connection) else [_in_index(entity, table, part)]
    return where


def _in_index(entity: Entity, table: sa.Table, part: str) -> sa.ColumnElement[bool]:
    """Whether a row has every trigram of ``part``."""
    find = sa.table(index_name(entity))
    match = sa.literal_column(index_name(entity)).op("MATCH")(_match([part]))
    return schema.row_id(table).in_(sa.select(sa.literal_column("rowid", sa.Integer)).select_from(find).where(match))


def _match(parts: Sequence[str], owners: Sequence[str] = ()) -> str:
    """What FTS5 is asked: the trigrams of the parts, of longer parts every second and the last. Those between would
    hardly leave out a row that has these, and take as long again. A quotation mark inside one is written twice.
    ``owners``: the accounts whose rows are wanted; without them: everybody's."""
    places = []
    for part in parts:
        last, step = len(part) - 3, 1 if len(part) <= 6 else 2
        places += [(part, at) for at in range(last + 1) if at % step == 0 or at == last]
    trigrams = dict.fromkeys(part[at : at + 3].replace('"', '""') for part, at in places)
    owned = " OR ".join(f'"{_signs(account)}"' for account in owners)
    return " AND ".join([*(f'"{trigram}"' for trigram in trigrams), *([f"({owned})"] if owned else [])])


def _owners(connection: sa.Connection, table: sa.Table, accounts: Sequence[str]) -> Sequence[str]:
    """The accounts, if the list has rows of others, else none: asking the index for them takes up to 40 % longer."""
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
    """The question of :func:`_matches` as text: building it for each key took longer than asking."""
    # The candidates are living rows of these accounts: others' would take their places. An ORDER BY of the whole would
    # look at all before the first is handed out. A cross join keeps its first table's order; the caller sorts the few.
    newest = f" ORDER BY {index}.rowid DESC LIMIT {CANDIDATES if bounded else -1}"
    contains = " AND instr(text, ?) > 0" * parts
    return (
        f"SELECT id, account, key FROM (SELECT {index}.rowid AS id, t.{schema.ACCOUNT} AS account, "
        f"t.{schema.KEY} AS key, ' ' || t.{schema.SEARCH} || ' ' AS text "
        f"FROM {index} CROSS JOIN {table} AS t ON t.rowid = {index}.rowid WHERE {index} MATCH ? "
        f"AND t.{schema.ACCOUNT} IN ({', '.join('?' * accounts)}) AND t.{schema.DELETED_AT} IS NULL{newest}) "
        f"WHERE true{contains} LIMIT ?"
    )
