"""The fast read of a list: newest records first, until a page has nothing new or changed (rule 12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from enum import StrEnum

from archisync_gui.entities.declaration import Entity, Row
from archisync_gui.erp import Erp
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.failures import refused
from archisync_gui.erp.lists.restoring import FAST_PAGE_SIZE
from archisync_gui.model import (
    AccountId,
    Origin,
    Progress,
)
from archisync_gui.store import row_key
from archisync_gui.syncs.checks import check_blanks
from archisync_gui.syncs.reading import (
    FollowedControl,
    Newest,
    SyncStore,
    began_at,
    descending,
    login_callback,
    slept,
)

FAST_PAGES = 10
"""If all of this number of pages have new or changed records, the whole list is read instead."""


class WhyWhole(StrEnum):
    """Why the whole list has to be read: the code of a warning."""

    SORT = "sort-ignored"
    """The list is not sorted as asked for."""
    MUCH = "fast-read-long"
    """:data:`FAST_PAGES` pages of one sort have new or changed records."""


def reached(found: Mapping[str, Row], news: Set[str], seen_new: Set[str], *, by_key: bool) -> bool:
    """Whether the read may stop at a page: its records are known to the clean base and unchanged.

    ``news``: keys that are new or changed and were not on an earlier page; ``seen_new``: those found on earlier pages.
    In a sort by another field than the key, no record may be in ``news``; up to half of them, but not the last one, may
    be in ``seen_new``. In the sort by the list's own key it is sufficient that the last record is in neither.
    """
    if not found:
        return False  # a page with garbage only says nothing about the records after it
    again = seen_new & found.keys()
    last = [*found][-1]
    if by_key:
        return last not in news and last not in again
    return not news and last not in again and 2 * len(again) <= len(found)


def _by_key(entity: Entity, records: Sequence[Row]) -> dict[str, Row]:
    """The records of one page by key. Raises ``key-twice`` if a key occurs twice with different content."""
    found: dict[str, Row] = {}
    for row in records:
        key = row_key(entity, row)
        if dict(found.setdefault(key, row)) != dict(row):
            raise refused("key-twice", list=entity.name, key=key)
    return found


class NewRows:
    """Makes fast reads of lists; stores nothing."""

    def __init__(self, erp: Erp, store: SyncStore) -> None:
        self._erp = erp
        self._store = store

    async def read(
        self, entity: Entity, reader: RowReader, unproven: frozenset[str], control: FollowedControl
    ) -> Newest | WhyWhole:
        """The rows of a fast read, or why the whole list has to be read.

        For each sort, pages are read until :func:`reached` is true. ``unproven``: keys of stored rows that an unclean
        read or a read of one record has written; they count as new.
        """
        rows: dict[str, Row] = {}
        seen_new: set[str] = set()
        as_of: datetime | None = None
        began = self._erp.clock.monotonic()
        steady = True
        control.progress(Progress("open"))
        async with self._erp.quick_list(
            entity,
            control.run.account,
            reader.fields,
            login_callback(control),
            control.begin_step,
            leave_open=control.run.origin is Origin.ORDER_FORM,
        ) as visit:
            view = visit.list
            control.progress(Progress("filter"))
            reader.learn(view.words)

            def by_key(name: str) -> bool:
                # In this sort, only older records come after a record of the clean base.
                return (name,) == tuple(entity.column(key).field_name for key in entity.key)

            for name in entity.newest:
                page = await view.newest(name, FAST_PAGE_SIZE)
                if page is None or not descending(entity, name, page):
                    return WhyWhole.SORT
                if as_of is None:
                    as_of, began = page.since, began_at(self._erp.clock, page.since, began)
                count, total = page.count, page.footer
                for _ in range(FAST_PAGES):
                    found = _by_key(entity, page.records(reader))
                    unseen = {key: row for key, row in found.items() if rows.get(key) != row}
                    rows |= found
                    control.progress(Progress("read", page.index + 1, None, reader.findings.raw))
                    news = await self._news(entity, control.run.account, unseen)
                    news |= unproven & found.keys()
                    known = reached(found, news, seen_new, by_key=by_key(name))
                    seen_new |= news
                    steady = steady and (page.count, page.footer) == (count, total)
                    if page.index >= page.count - 1 or known:
                        break
                    before, page = page, await view.turn_to(page.index + 1)
                    if not descending(entity, name, before, page):
                        return WhyWhole.SORT
                    steady = steady and not slept(before, page)
                else:
                    return WhyWhole.MUCH
            if page is not None and page.index:
                await view.verify_filters()  # the first page of a sort is read with a check of the filters
        assert as_of is not None
        return Newest(as_of, began, rows, steady)

    async def _news(self, entity: Entity, account: AccountId, found: Mapping[str, Row]) -> set[str]:
        """The keys of the rows that are new or changed. Raises ``column-empty`` as a whole read does."""
        stored = {row.key: row for row in await self._store.rows_by_key(entity.name, account, list(found))}
        check_blanks(entity, [row.values for row in stored.values()], [found[key] for key in stored])
        sticky = {column.name for column in entity.columns if column.sticky}
        news = set()
        for key, row in found.items():
            before = stored.get(key)
            if (
                before is None
                or before.deleted_at is not None
                or any(
                    value != before.values.get(name) and not (value is None and name in sticky)
                    for name, value in row.items()
                )
            ):
                news.add(key)
        return news
