"""One open list view: sets and verifies its filters, turns and reads its pages, restores the user's own view.

``syncs`` decides whether what was read may be applied.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.driver.page_driver import Act, Look, PageDriver
from archisync_gui.erp.driver.session import ErpSession
from archisync_gui.erp.failures import Navigated, refused, transient
from archisync_gui.erp.lists.filters import State, check_filters, refuse_what_cannot_be_restored, view_of
from archisync_gui.erp.lists.list_page import ListPage
from archisync_gui.erp.lists.page import Page
from archisync_gui.erp.lists.page_reader import PageReader
from archisync_gui.erp.lists.presets import Presets
from archisync_gui.erp.lists.restoring import SORT_FIELD, Restorer, is_sort_hidden
from archisync_gui.erp.lists.saved_views import View
from archisync_gui.erp.lists.ways import ReadingWays
from archisync_gui.model import Clock, Json, SyncFailure

STILL_OPEN_PATIENCE = 6.0
"""Seconds for the first call in a page that was left open. If it takes longer, loading the page again is faster."""


class ListView(ListPage):
    """A list view of one entity in one account's page. Made by :meth:`open`; used by one task."""

    def __init__(
        self,
        session: ErpSession,
        driver: PageDriver,
        entity: Entity,
        fields: Sequence[str],
        clock: Clock,
        ways: ReadingWays,
    ) -> None:
        super().__init__(driver, entity, fields, session.limits, clock)
        self.users_view = View()
        """The view to restore."""
        self.newest_first = False
        """True: the grid is sorted so that new records come first."""
        self._usual_limits = session.limits
        self.reader = PageReader(self, ways)
        self._presets = Presets(self)
        self.left_changed = False
        """True: an earlier visit has changed the list and did not restore it."""
        self._touched = False
        self._shown_index = 0  # the page that was read last
        self._preparation_checked = False
        """True: :meth:`newest` has checked filters and page size."""

    # --- opening ------------------------------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        session: ErpSession,
        entity: Entity,
        fields: Sequence[str],
        clock: Clock,
        ways: ReadingWays,
        on_login: Callable[[], None],
    ) -> ListView:
        """Open the list; nothing is changed yet."""
        since = clock.now()
        view = cls(session, await session.open(entity.path, on_login), entity, fields, clock, ways)
        view.since = since
        await view.ready()
        await view.look()
        view.users_view = view_of(view.state, entity.filter)
        return view

    @classmethod
    async def still_open(
        cls, session: ErpSession, entity: Entity, fields: Sequence[str], clock: Clock, ways: ReadingWays
    ) -> ListView:
        """The list that was left open in the session's page. Its contents are old: only :meth:`newest`, which asks for
        them again, may read it."""
        view = cls(session, await session.driver(), entity, fields, clock, ways)
        view.driver.path = entity.path
        view.limits = replace(session.limits, callback=min(session.limits.callback, STILL_OPEN_PATIENCE))
        usual, view.driver.limit = view.driver.limit, min(view.driver.limit, STILL_OPEN_PATIENCE)
        await view.look()
        view.driver.limit = usual
        view.users_view = view_of(view.state, entity.filter)
        return view

    @property
    def preset_proof(self) -> str | None:
        """How the last choice of a preset was proven (:attr:`Presets.proof`)."""
        return self._presets.proof

    # --- preparing ----------------------------------------------------------------------------------------------------

    async def prepare(self, page_size: int, *, sort: str | None = SORT_FIELD) -> Page:
        """Set the wanted filters, sort order and page size, and read the first page.

        ``sort``: the field to sort by, newest first; ``None``: keep the order. Raises ``SyncFailure`` for a filter that
        cannot be set or restored, for a missing column, and for cells that stay empty.
        """
        for _ in range(4):
            try:
                await self._prepare(sort)
                # Before reading: with a filter that is still set the page might be refused for another reason.
                check_filters(self.entity, self.state)
                page = await self._first(page_size)
                self._check_columns(await self.current_state())
                return page
            except Navigated:
                # Choosing a preset may load the whole page again. Every step can be repeated.
                await self.ready()
        raise transient("erp-navigates", path=self.entity.path)

    async def _prepare(self, sort: str | None) -> None:
        state = await self.current_state()
        refuse_what_cannot_be_restored(self.entity, state)
        # Before anything is changed: the user may have sorted by a missing column, which could not be restored.
        self._refuse_missing_columns(state)
        self._touched = True
        if state["filters"]["bar"]:
            # First, because it loads the page again, and a list may load with empty cells.
            await self._presets.search("")
        await self._presets.prepare()
        state = await self.current_state()
        filters = state["filters"]
        for field, _ in filters["group"]:
            await self.act(Act.UNGROUP, field=field)
        for found in filters["row"]:
            await self.act(Act.FILTER_ROW, field=found["field"], value="")
        if filters["search"]:
            await self.act(Act.SEARCH, text="")
        if sort is not None:
            await self._sort(sort)
        else:
            await self.current_state()

    async def _sort(self, name: str) -> None:
        """Sort by a field, newest first, and check the state afterwards."""
        state = await self.current_state()
        if not any(column["field"] == name for column in state["columns"]):
            self.newest_first = False
            return
        if state["filters"]["sort"] != [[name, "DSC"]]:
            await self.act(Act.SORT, field=name, order="DSC", first=True, at=0)
            state = await self.current_state()
        self.newest_first = _sorted_as(name, state)

    async def _first(self, page_size: int) -> Page:
        state = self.state
        page: Page | None = None
        if state["sizeText"] is None:
            self.warn("page-size-unknown")
        elif state["sizes"] and self.users_view.size_text not in state["sizes"]:
            # A size that is not offered could not be set again.
            if state["size"] != page_size:
                self.warn("page-size-kept", found=self.users_view.size_text)
        elif state["size"] != page_size:
            page = await self.turn(Act.PAGE_SIZE, with_state=True, text=str(page_size))
            if page.size != page_size:
                self.warn("page-size-ignored")
        if (page.index if page else state["index"]) != 0:
            page = await self.turn(Act.PAGE, index=0)
            if page.index != 0:
                raise transient("page-stuck", wanted=1, shown=page.index + 1)
        return page or await self.turn(None)

    async def verify_filters(self) -> dict[str, Json]:
        """All filters and the ERP's version, as evidence. Raises as :func:`check_filters`."""
        return {**check_filters(self.entity, await self.current_state()), "version": self.version}

    def _check_columns(self, state: State) -> None:
        self._refuse_missing_columns(state)
        self.reader.check_columns(state)

    def _refuse_missing_columns(self, state: State) -> None:
        there = {column["field"] for column in state["columns"]}
        missing = sorted({c.field_name for c in self.entity.columns if not c.optional} - there)
        if missing:
            raise refused("column-missing", columns=", ".join(missing), list=self.entity.name)

    # --- newest records -----------------------------------------------------------------------------------------------

    async def newest(self, name: str, page_size: int) -> Page | None:
        """The first page sorted by a field, largest first, with as few calls of the ERP as possible. The page is always
        asked for again, and filters and columns are checked with it. Raises as :meth:`prepare` and
        :meth:`verify_filters`. ``None``: the list does not sort by this field."""
        if not self._small_and_unfiltered(page_size):
            await self.prepare(page_size, sort=None)
        self._refuse_missing_columns(self.state)
        self._touched = True
        if not any(column["field"] == name for column in self.state["columns"]):
            return None
        if self._shown_index:
            # Sorting does not turn the page, so another page's values would be read.
            await self.act(Act.PAGE, index=0)
        if self.state["filters"]["sort"] == [[name, "DSC"]]:
            page = await self.turn(Act.REFRESH, with_state=True)
        else:
            try:
                page = await self.turn(Act.SORT, with_state=True, field=name, order="DSC", first=True, at=0)
            except SyncFailure as failure:
                if failure.code != "erp-call-ignored":
                    raise
                return None
        if page.index != 0:
            page = await self.turn(Act.PAGE, with_state=True, index=0)
            if page.index != 0:
                raise transient("page-stuck", wanted=1, shown=page.index + 1)
        check_filters(self.entity, self.state)
        self._check_columns(self.state)
        self.limits = self._usual_limits
        return page if _sorted_as(name, self.state) else None

    def _small_and_unfiltered(self, page_size: int) -> bool:
        """Whether :meth:`newest` needs no preparation; checked at its first call only."""
        if self._preparation_checked:
            return True
        self._preparation_checked = True
        try:
            check_filters(self.entity, self.state)
            refuse_what_cannot_be_restored(self.entity, self.state)
        except SyncFailure:
            return False
        size = self.state["size"]
        return size is not None and size <= page_size

    # --- pages --------------------------------------------------------------------------------------------------------

    async def pages(self, first: Page, stop: Callable[[], bool]) -> AsyncGenerator[Page, None]:
        """The pages from ``first`` on. Each next page is requested before the present one is yielded, so that it is
        read while the present one is parsed; if ``stop`` returns True, none is requested and the pages end."""
        page = first
        while True:
            following: asyncio.Task[Page] | None = None
            if page.index < page.count - 1 and not stop():
                following = asyncio.create_task(self.turn_to(page.index + 1))
                await asyncio.sleep(0)  # sends the request before the present page is parsed
            try:
                yield page
                if following is None:
                    return
                page = await following
            finally:
                if following is not None and not following.done():
                    following.cancel()
                    await asyncio.wait([following])
                if following is not None and not following.cancelled():
                    following.exception()

    async def turn_to(self, index: int) -> Page:
        """Go to a page, read it, and verify its index."""
        page = await self.turn(Act.PAGE, index=index)
        if page.index != index:
            if page.index == page.count - 1 and page.index < index:
                return page  # the list has become shorter
            raise transient("page-stuck", wanted=index + 1, shown=page.index + 1)
        return page

    async def again(self) -> Page:
        """Read the first page again, with the state of the list."""
        if self._shown_index:
            page = await self.turn(Act.PAGE, with_state=True, index=0)
        else:
            page = await self.turn(Act.REFRESH, with_state=True)
        if page.index != 0:
            raise transient("page-stuck", wanted=1, shown=page.index + 1)
        return page

    async def turn(self, act: Act | None, *, with_state: bool = False, **arguments: Any) -> Page:
        """Make one call of the grid (or none) and read the page that it brings."""
        if act is not None:
            self.begin(act, arguments)
        try:
            page = await self.reader.read(act, with_state=with_state, **arguments)
            self._shown_index = page.index
            self.state_is_old = not with_state
            return page
        except Navigated:
            await self.check_page()
            raise

    # --- restoring ----------------------------------------------------------------------------------------------------

    def must_be_restored(self) -> None:
        """Make :meth:`restore` restore the list, which an earlier visit has changed."""
        self._touched = True

    @property
    def touched(self) -> bool:
        """Whether the list was changed, or is to be restored after an earlier visit."""
        return self._touched

    async def restore(self) -> None:
        """Restore the user's view, if the list was changed. Raises ``view-not-restored`` if the ERP accepted the calls
        but shows another view, and other failures of the calls."""
        if not self._touched:
            return
        self.stop = lambda: False
        for _ in range(3):
            try:
                await Restorer(self, self._presets, self.users_view).restore()
                self._touched = False
                return
            except Navigated:
                await self.ready()
        raise transient("erp-navigates", path=self.entity.path)

    async def structure(self) -> dict[str, Json]:
        """The structure of the page, without any content: for a report, or as evidence."""
        found: dict[str, Json] = await self.driver.look(Look.STRUCTURE)
        return found

    async def screenshot(self) -> bytes | None:
        """A screenshot for the evidence."""
        return await self.driver.screenshot()


def _sorted_as(name: str, state: State) -> bool:
    return bool(state["filters"]["sort"] == [[name, "DSC"]] or is_sort_hidden(name, state))
