"""Searching the stored rows for typed words, with the full-text index of ``find_index.py``.

SQLite's FTS5 with trigrams finds any part of a name from three characters on, and beginnings of words from two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import schema
from archisync_gui.store.dialect import containing, is_postgres
from archisync_gui.store.find_index import index_name, marks
from archisync_gui.store.keys import folded

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
    owned = " OR ".join(f'"{marks(account)}"' for account in owners)
    return " AND ".join([*(f'"{trigram}"' for trigram in trigrams), *([f"({owned})"] if owned else [])])


def _accounts_to_match(connection: sa.Connection, table: sa.Table, accounts: Sequence[str]) -> Sequence[str]:
    """``accounts`` if the list has rows of other accounts, else none: a query with marks takes up to 40 % longer."""
    ordered = sorted(accounts)
    values = tuple(account for account in ordered for _ in ("below", "above"))
    return accounts if connection.exec_driver_sql(_others(table.name, len(ordered)), values).scalar() else ()


@lru_cache(maxsize=256)
def _others(table: str, accounts: int) -> str:
    """Whether a list has rows of other accounts: below the first in order, between two, above the last."""
    below, above = f"{schema.ACCOUNT} < ?", f"{schema.ACCOUNT} > ?"
    gaps = [below, *[f"{above} AND {below}"] * (accounts - 1), above]
    return f"SELECT {' OR '.join(f'EXISTS (SELECT 1 FROM {table} WHERE {gap})' for gap in gaps)}"


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
