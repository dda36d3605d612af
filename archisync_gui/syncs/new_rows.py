"""Reads what is new in a list: sorted by newest, until a page brings nothing new or changed (rule 12)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from enum import StrEnum

from archisync_gui.entities.declaration import Entity, Row
from archisync_gui.erp import Erp
from archisync_gui.erp.cells.rows import RowReader
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
"""A fast read that still finds something new on so many pages is no fast read any more."""


class WhyWhole(StrEnum):
    """Why the whole list has to be read: the code of a warning."""

    SORT = "sort-ignored"
    """A sort does not take."""
    MUCH = "fast-read-long"
    """:data:`FAST_PAGES` pages of one sort bring news."""


def reached(found: Mapping[str, Row], news: Set[str], shown: Set[str], *, by_key: bool) -> bool:
    """Whether a page has reached the records that the clean base knows, unchanged: all are, or at least half of them
    and the last one, where the others were ``shown`` as new by an earlier page. In the sort by the list's own key the
    last record suffices. ``news``: the keys that are new or changed, and seen for the first time."""
    if not found:
        return False  # a page of garbage alone says nothing about the records behind it
    again = shown & found.keys()
    last = [*found][-1]
    if by_key:
        return last not in news and last not in again
    return not news and last not in again and 2 * len(again) <= len(found)


class NewRows:
    """Fast reads of lists, without storing anything."""

    def __init__(self, erp: Erp, store: SyncStore) -> None:
        self._erp = erp
        self._store = store

    async def read(
        self, entity: Entity, reader: RowReader, unproven: frozenset[str], control: FollowedControl
    ) -> Newest | WhyWhole:
        """The rows of a fast read, or why the whole list has to be read.

        Each sort is read up to the first page that :func:`reached` what is known.
        """
        rows: dict[str, Row] = {}
        fresh: set[str] = set()
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
                # Sorted by its own key, only older records come after one of the clean base.
                return (name,) == tuple(entity.column(key).field_name for key in entity.key)

            for name in entity.newest:
                page = await view.newest(name, FAST_PAGE_SIZE)
                if page is None or not descending(entity, name, page):
                    return WhyWhole.SORT
                if as_of is None:
                    as_of, began = page.since, began_at(self._erp.clock, page.since, began)
                count, total = page.count, page.footer
                for _ in range(FAST_PAGES):
                    found = {row_key(entity, row): row for row in page.records(reader)}
                    unseen = {key: row for key, row in found.items() if rows.get(key) != row}
                    rows |= found
                    control.progress(Progress("read", page.index + 1, None, reader.findings.raw))
                    news = await self._news(entity, control.run.account, unseen)
                    news |= unproven & found.keys()
                    known = reached(found, news, fresh, by_key=by_key(name))
                    fresh |= news
                    steady = steady and (page.count, page.footer) == (count, total)
                    if page.index >= page.count - 1 or known:
                        break
                    before, page = page, await view.turn_to(page.index + 1)
                    steady = steady and not slept(before, page)
                else:
                    return WhyWhole.MUCH
            if page is not None and page.index:
                await view.verify_filters()  # the first page of a sort is read together with them
        assert as_of is not None
        return Newest(as_of, began, rows, steady)

    async def _news(self, entity: Entity, account: AccountId, found: Mapping[str, Row]) -> set[str]:
        """The keys of these rows that are new or changed. Raises ``column-empty`` as a whole read does."""
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
