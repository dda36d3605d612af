"""Queries of stored rows, for panel, endpoint and command line, with results in pages.

Rows of a per-account entity are returned for the accounts that are named only; shared entities have an empty account.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypedDict

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity, Kind, Value
from archisync_gui.entities.views import Is
from archisync_gui.model import AccountId
from archisync_gui.store import find, schema
from archisync_gui.store.ages import ages
from archisync_gui.store.dialect import SortedBy
from archisync_gui.store.fields import has_field
from archisync_gui.store.keys import folded
from archisync_gui.store.schema import CHANGES
from archisync_gui.store.seen_keys import CHUNK, chunks
from archisync_gui.store.types import ChangeKind, Counts, Page, SearchPage, Selection, StoredRow

_STATE = (
    schema.ACCOUNT,
    schema.KEY,
    schema.FIRST_SEEN,
    schema.LAST_CHANGED,
    schema.MISSING_SINCE,
    schema.DELETED_AT,
)


class Wanted(TypedDict, total=False):
    """Which rows to return, and in which order. All keys are optional."""

    others: Sequence[AccountId]
    """Further accounts, whose rows are sorted in with the first one's."""
    search: str
    """Every word must occur in the key or a column declared for searching; case and accents do not matter."""
    sort: str | None
    """The column to sort by; empty cells come last. Without it: by key."""
    descending: bool
    columns: Sequence[str] | None
    """The columns to return; without it: all."""
    deleted: bool
    """Also soft-deleted rows."""
    where: Mapping[str, Value] | None
    """Columns with the values that they must have."""
    between: tuple[str, Value, Value] | None
    """A column with its lowest and highest value; ``None``: no limit."""
    selection: Selection | None


class Question:
    """A query of one entity's rows: accounts, filter, search, order."""

    def __init__(
        self,
        entity: Entity,
        table: sa.Table,
        account: str,
        *,
        others: Sequence[str] = (),
        search: str = "",
        sort: str | None = None,
        descending: bool = False,
        columns: Sequence[str] | None = None,
        deleted: bool = False,
        where: Mapping[str, Value] | None = None,
        between: tuple[str, Value, Value] | None = None,
        selection: Selection | None = None,
    ) -> None:
        self._entity, self._table, self._account = entity, table, account
        self._accounts = (account, *others)
        self._deleted = deleted
        self._names = tuple(columns if columns is not None else (c.name for c in entity.columns))
        for name in [*self._names, *(where or {}), *([sort] if sort else []), *([between[0]] if between else [])]:
            entity.column(name)  # raises for a column that is not declared
        c = table.c
        owned = c[schema.ACCOUNT].in_(self._accounts) if others else c[schema.ACCOUNT] == account
        self._conditions: list[sa.ColumnElement[bool]] = [owned]
        if not deleted:
            self._conditions.append(c[schema.DELETED_AT].is_(None))
        self._conditions += [_has(c[schema.SEARCH], word) for word in _words(search)]
        self._conditions += [c[name] == value for name, value in (where or {}).items()]
        if between is not None:
            name, low, high = between
            self._conditions += [c[name] >= low] if low is not None else []
            self._conditions += [c[name] <= high] if high is not None else []
        self._conditions += self._selected(selection) if selection is not None else []
        self._order = self._ordering(sort, descending)

    def _selected(self, selection: Selection) -> list[sa.ColumnElement[bool]]:
        found = [self._compared(*part) for part in selection.where]
        log = CHANGES.c
        if selection.added is not None:
            since, until = selection.added
            before = [log.at < until] if until is not None else []
            found.append(self._logged(ChangeKind.ADDED, log.at >= since, *before))
        if selection.changed is not None:
            name, since = selection.changed
            self._entity.column(name)
            found.append(self._logged(ChangeKind.CHANGED, log.at >= since, has_field([name])))
        return found

    def _logged(self, kind: ChangeKind, *how: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """SQL condition: the change log has a line of that kind for the row."""
        c, log = self._table.c, CHANGES.c
        of_row = [log.account, log.row_key] if len(self._accounts) > 1 else [log.row_key]
        lines = sa.select(*of_row).where(
            log.entity == self._entity.name, log.account.in_(self._accounts), log.kind == kind.value, *how
        )
        row = sa.tuple_(c[schema.ACCOUNT], c[schema.KEY]) if len(of_row) > 1 else c[schema.KEY]
        return row.in_(lines)

    def _compared(self, name: str, how: Is, value: Value) -> sa.ColumnElement[bool]:
        self._entity.column(name)
        column = self._table.c[name]
        match how:
            case Is.EQUAL:
                return column == value
            case Is.ABOVE:
                return column > value
            case Is.BEFORE:
                return sa.and_(column < value, column != "")
            case Is.EMPTY:
                return sa.or_(column.is_(None), sa.cast(column, sa.String) == "")

    def _ordering(self, sort: str | None, descending: bool) -> list[sa.ColumnElement[Any]]:
        c = self._table.c
        key = c[schema.KEY]
        account = [c[schema.ACCOUNT]] if len(self._accounts) > 1 else []  # two accounts may have a row with one key
        if sort is None:
            return [key.desc() if descending else key, *account]
        column = c[sort]
        match self._entity.column(sort).kind:
            case Kind.ID:  # numbers as texts: the longer text is the larger number
                parts: list[sa.ColumnElement[Any]] = [sa.func.length(column), column]
            case Kind.TEXT | Kind.LINES | Kind.ENUM:
                parts = [SortedBy(column)]
            case _:
                parts = [column]
        # Empty cells come last in both directions.
        return [column.is_(None), *(p.desc() if descending else p for p in parts), key, *account]

    def _select(self) -> sa.Select[Any]:
        return _selected(self._table, self._names)

    def _rows(self, result: Iterable[Any]) -> list[StoredRow]:
        width = len(_STATE)
        return [
            StoredRow(
                account=row[0],
                key=row[1],
                values=dict(zip(self._names, row[width:], strict=True)),
                first_seen=row[2],
                last_changed=row[3],
                missing_since=row[4],
                deleted_at=row[5],
            )
            for row in result
        ]

    def page(self, connection: sa.Connection, offset: int, limit: int, sum_of: str | None = None) -> Page:
        """A page of rows, the number of all rows of the query, and the sum of the column ``sum_of`` over all of
        them."""
        wanted: list[sa.ColumnElement[int]] = [sa.func.count()]
        if sum_of is not None:
            self._entity.column(sum_of)
            wanted.append(sa.func.coalesce(sa.func.sum(self._table.c[sum_of]), 0))
        total, *sums = connection.execute(sa.select(*wanted).select_from(self._table).where(*self._conditions)).one()
        statement = self._select().where(*self._conditions).order_by(*self._order).offset(offset).limit(limit)
        rows = tuple(self._rows(connection.execute(statement))) if total > offset else ()
        return Page(rows, total, int(sums[0]) if sums else None)

    def places(self, connection: sa.Connection) -> list[tuple[str, str]]:
        """Account and key of all rows of the query, in order."""
        c = self._table.c
        statement = sa.select(c[schema.ACCOUNT], c[schema.KEY]).where(*self._conditions).order_by(*self._order)
        return [(account, key) for part in connection.execute(statement).partitions(CHUNK) for account, key in part]

    def by_keys(self, connection: sa.Connection, keys: Collection[str]) -> list[StoredRow]:
        """The first account's rows with those keys, as far as they exist, in the order of ``keys``."""
        return self.at(connection, [(self._account, key) for key in keys])

    def at(self, connection: sa.Connection, places: Collection[tuple[str, str]]) -> list[StoredRow]:
        """The rows with those accounts and keys, as far as they exist, in the order of ``places``."""
        found: dict[tuple[str, str], StoredRow] = {}
        for owner in dict.fromkeys(account for account, _ in places):
            for part in chunks((key for account, key in places if account == owner), CHUNK):
                rows = connection.execute(_by_keys(self._table, self._names), {"owner": owner, "wanted": part})
                found |= {(owner, row.key): row for row in self._rows(rows) if self._deleted or row.deleted_at is None}
        return [found[place] for place in places if place in found]

    def related(self, connection: sa.Connection, column: str, value: str, limit: int) -> Page:
        """Rows whose ``column`` is ``value``, those first seen last at the top, and the number of all of them."""
        self._entity.column(column)
        chosen = find.rows_of_value(connection, self._entity, self._table, self._account, column, value)
        total = connection.scalar(sa.select(sa.func.count()).select_from(self._table).where(*chosen)) or 0
        c = self._table.c
        statement = self._select().where(*chosen).order_by(c[schema.FIRST_SEEN].desc(), c[schema.KEY].desc())
        return Page(tuple(self._rows(connection.execute(statement.limit(limit)))), total)

    def after(self, connection: sa.Connection, cursor: str | None, limit: int) -> SearchPage:
        """A page of rows sorted by title, from ``cursor`` on. Raises ``ValueError`` if the cursor is not valid."""
        c = self._table.c
        key = c[schema.KEY]
        title = SortedBy(sa.func.coalesce(c[self._entity.title], "")) if self._entity.title else sa.literal("")
        conditions, skipped, before = list(self._conditions), 0, None
        if cursor is not None:
            # A cursor has the last row's key, not its title, which may be a name: cursors appear in URLs. A
            # soft-deleted row still has its title. For one that was removed or renumbered the number of rows before it
            # is used.
            last_key, before = _cursor_read(cursor)
            last_title = connection.scalar(sa.select(title).where(c[schema.ACCOUNT] == self._account, key == last_key))
            if last_title is not None:
                conditions.append(sa.or_(title > last_title, sa.and_(title == last_title, key > last_key)))
            elif before is not None:
                skipped = max(0, before - 1)  # after a renumbering one row comes twice rather than one being left out
            else:
                raise ValueError("not a cursor of this search")
        statement = self._select().where(*conditions).order_by(title, key).offset(skipped).limit(limit + 1)
        rows = self._rows(connection.execute(statement))
        following = _cursor(rows[limit - 1].key, (before or 0) + limit) if len(rows) > limit else None
        return SearchPage(tuple(rows[:limit]), following, ages(connection, self._entity.name, self._account))

    def best(self, connection: sa.Connection, text: str, limit: int, codes: Sequence[str]) -> SearchPage:
        """The rows that match best: first an exact code, then the beginning of a code or title, then of words."""
        c = self._table.c
        key = c[schema.KEY]
        wanted, words = folded(text), _words(text)
        number = "".join(words)
        title = SortedBy(sa.func.coalesce(c[self._entity.title], "")) if self._entity.title else sa.literal("")
        columns = [sa.func.lower(c[name]) for name in codes]
        # A VAT number may be typed, and stored, with its country or without.
        exact_codes = [wanted, number, f"it{number}", find.without_country(number)]
        exact = sa.or_(*(column.in_(exact_codes) for column in columns))
        begins = sa.or_(*(p.startswith(wanted, autoescape=True) for p in (*columns, title)))
        begin = sa.and_(sa.true(), *(c[schema.SEARCH].contains(f" {word}", autoescape=True) for word in words))
        rank = sa.case((exact, 0), (begins, 1), (begin, 2), else_=3) if wanted else sa.literal(0)
        statement = self._select().where(*self._conditions).order_by(rank, title, key).limit(limit)
        rows = self._rows(connection.execute(statement))
        return SearchPage(tuple(rows), None, ages(connection, self._entity.name, self._account))


@lru_cache(maxsize=256)
def _selected(table: sa.Table, columns: tuple[str, ...]) -> sa.Select[Any]:
    return sa.select(*(table.c[name] for name in (*_STATE, *columns)))


@lru_cache(maxsize=256)
def _by_keys(table: sa.Table, columns: tuple[str, ...]) -> sa.Select[Any]:
    """The rows of an account with some keys, and nothing else: with a query's conditions SQLite would choose another
    index and read all rows. Kept, since building it for each list took 3 ms of a key in *Find*."""
    wanted = table.c[schema.KEY].in_(sa.bindparam("wanted", expanding=True))
    return _selected(table, columns).where(table.c[schema.ACCOUNT] == sa.bindparam("owner"), wanted)


def _words(text: str) -> Sequence[str]:
    """The words of a typed text as *Find* searches them; its parts as typed if it has no words."""
    return find.words(text) or list(dict.fromkeys(folded(text).split()))[: find.MOST_WORDS]


def _has(search: sa.ColumnElement[str], word: str) -> sa.ColumnElement[bool]:
    bare = find.without_country(word)
    return sa.or_(*(search.contains(form, autoescape=True) for form in dict.fromkeys((word, bare))))


def _cursor(key: str, before: int) -> str:
    """``before``: the number of rows up to and with that one."""
    return base64.urlsafe_b64encode(f"{key}\n{before}".encode()).decode().rstrip("=")


def _cursor_read(cursor: str) -> tuple[str, int | None]:
    try:
        found = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a cursor of this search") from error
    key, _, before = found.rpartition("\n")
    return (key, int(before)) if re.fullmatch("[0-9]{1,9}", before) and key else (found, None)


def counts(connection: sa.Connection, entity: Entity, table: sa.Table) -> list[Counts]:
    """The numbers of rows of each account that has any."""
    c = table.c
    alive = c[schema.DELETED_AT].is_(None)
    statement = sa.select(
        c[schema.ACCOUNT],
        sa.func.count().filter(alive),
        sa.func.count().filter(sa.and_(alive, c[schema.MISSING_SINCE].is_not(None))),
        sa.func.count().filter(sa.not_(alive)),
    ).group_by(c[schema.ACCOUNT])
    return [
        Counts(entity.name, account, rows, missing, deleted, ages(connection, entity.name, account))
        for account, rows, missing, deleted in connection.execute(statement).all()
    ]
