"""One opened list view: its filters set and verified, its pages turned and read, the user's own view restored.

What a read means, and whether it may be applied, is decided elsewhere (``syncs``).
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
from archisync_gui.erp.lists.restoring import SORT_FIELD, Restorer
from archisync_gui.erp.lists.saved_views import View
from archisync_gui.erp.lists.ways import ReadingWays
from archisync_gui.model import Clock, Json, SyncFailure

STILL_OPEN_PATIENCE = 6.0
"""Seconds for the first call in a page that was left open: if it does not answer, loading it again takes less."""


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
        """What has to be restored."""
        self.newest_first = False
        """The grid is sorted so that new records come first."""
        self._usual_limits = session.limits
        self.reader = PageReader(self, ways)
        self._presets = Presets(self)
        self.left_changed = False
        """An earlier visit has changed the list and did not restore it."""
        self._touched = False
        self._shown_index = 0  # the page that was read last
        self._tuned = False
        """Filters and page size were looked at by :meth:`newest`."""

    # --- opening ------------------------------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        session: ErpSession,
        entity: Entity,
        fields: Sequence[str],
        clock: Clock,
        ways: ReadingWays,
        logged_in: Callable[[], None],
    ) -> ListView:
        """Open the list; nothing is changed yet."""
        since = clock.now()
        view = cls(session, await session.open(entity.path, logged_in), entity, fields, clock, ways)
        view.since = since
        await view.ready()
        await view.look()
        view.users_view = view_of(view.state, entity.filter)
        return view

    @classmethod
    async def still_open(
        cls, session: ErpSession, entity: Entity, fields: Sequence[str], clock: Clock, ways: ReadingWays
    ) -> ListView:
        """The list as it was left open in the session's page. What it shows is old: only :meth:`newest` may read it."""
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
        """Bring the list to the wanted filters, order and page size and read its first page.

        ``sort``: the field to sort by, newest first; ``None``: as it is. Raises ``SyncFailure``: a filter that does
        not take or could not be restored, a column that is missing, cells that stay empty.
        """
        for _ in range(4):
            try:
                await self._prepare(sort)
                # A filter that stays on is named here; read with it, the page would fail for another reason.
                check_filters(self.entity, self.state)
                page = await self._first(page_size)
                self._check_columns(await self.current_state())
                return page
            except Navigated:
                # Choosing a preset may load the whole page again; every step is one that can be repeated.
                await self.ready()
        raise transient("erp-navigates", path=self.entity.path)

    async def _prepare(self, sort: str | None) -> None:
        state = await self.current_state()
        refuse_what_cannot_be_restored(self.entity, state)
        # Before anything is changed: the user may have sorted by the column that is missing, which no page tells.
        self._refuse_missing_columns(state)
        self._touched = True
        if state["filters"]["bar"]:
            # First, because its proof loads the page again, and a list may load with empty cells.
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
        """Sort by a field, newest first; the state is looked at afterwards."""
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
        """Ask for all filters, as evidence; raises ``refused`` for the first that is not as wanted."""
        return {**check_filters(self.entity, await self.current_state()), "version": self.version}

    def _check_columns(self, state: State) -> None:
        self._refuse_missing_columns(state)
        self.reader.check_columns(state)

    def _refuse_missing_columns(self, state: State) -> None:
        there = {column["field"] for column in state["columns"]}
        missing = sorted({c.field_name for c in self.entity.columns if not c.optional} - there)
        if missing:
            raise refused("column-missing", columns=", ".join(missing), list=self.entity.name)

    # --- the newest ---------------------------------------------------------------------------------------------------

    async def newest(self, name: str, page_size: int) -> Page | None:
        """The first page sorted by a field, largest first, in as few calls of the ERP as that takes. It is always
        asked for anew, never what is on show. Filters and columns are read back with it; raises as :meth:`prepare`
        and :meth:`verify_filters`. ``None``: the sort does not take."""
        if not self._small_and_unfiltered(page_size):
            await self.prepare(page_size, sort=None)
        self._refuse_missing_columns(self.state)
        self._touched = True
        if not any(column["field"] == name for column in self.state["columns"]):
            return None
        if self._shown_index:
            # Sorting stays on the page that is shown, whose values would be read in vain.
            await self.act(Act.PAGE, index=0)
        if self.state["filters"]["sort"] == [[name, "DSC"]]:
            page = await self.turn(Act.REFRESH, with_state=True)
        else:
            page = await self.turn(Act.SORT, with_state=True, field=name, order="DSC", first=True, at=0)
        if page.index != 0:
            page = await self.turn(Act.PAGE, with_state=True, index=0)
            if page.index != 0:
                raise transient("page-stuck", wanted=1, shown=page.index + 1)
        check_filters(self.entity, self.state)
        self._check_columns(self.state)
        self.limits = self._usual_limits
        return page if _sorted_as(name, self.state) else None

    def _small_and_unfiltered(self, page_size: int) -> bool:
        """Whether :meth:`newest` needs no preparation; looked at once."""
        if self._tuned:
            return True
        self._tuned = True
        try:
            check_filters(self.entity, self.state)
            refuse_what_cannot_be_restored(self.entity, self.state)
        except SyncFailure:
            return False
        size = self.state["size"]
        return size is not None and size <= page_size

    # --- pages --------------------------------------------------------------------------------------------------------

    async def pages(self, first: Page, stop: Callable[[], bool]) -> AsyncGenerator[Page, None]:
        """The pages from ``first`` on. The next one is asked for before this one is handed out, so that it is read
        while this one is parsed; not so when ``stop`` says that the reader wants to end here."""
        page = first
        while True:
            following: asyncio.Task[Page] | None = None
            if page.index < page.count - 1 and not stop():
                following = asyncio.create_task(self.turn_to(page.index + 1))
                await asyncio.sleep(0)  # lets the request go out before the page is parsed
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
        """Go to a page, verify that we are there, read it."""
        page = await self.turn(Act.PAGE, index=index)
        if page.index != index:
            if page.index == page.count - 1 and page.index < index:
                return page  # the list has become shorter meanwhile
            raise transient("page-stuck", wanted=index + 1, shown=page.index + 1)
        return page

    async def again(self) -> Page:
        """The first page, read once more, together with the state of the list."""
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
            self.begin()
        try:
            page = await self.reader.read(act, with_state=with_state, **arguments)
            self._shown_index = page.index
            self.state_is_old = not with_state
            return page
        except Navigated:
            await self.where()
            raise

    # --- restoring ----------------------------------------------------------------------------------------------------

    def must_be_restored(self) -> None:
        """An earlier visit has changed the list, and this one restores it."""
        self._touched = True

    @property
    def touched(self) -> bool:
        """Whether something of the list was changed, or is to be restored after an earlier visit."""
        return self._touched

    async def restore(self) -> None:
        """Leave the list as its user had left it. Raises what the ERP makes of it; ``view-not-restored`` where it took
        the calls and yet shows something else."""
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
        """What the list is made of, without any content: for a report, or as evidence."""
        found: dict[str, Json] = await self.driver.look(Look.STRUCTURE)
        return found

    async def screenshot(self) -> bytes | None:
        """A picture for the evidence."""
        return await self.driver.screenshot()


def _sorted_as(name: str, state: State) -> bool:
    sort = state["filters"]["sort"]
    column = next((c for c in state["columns"] if c["field"] == name), None)
    # Where the client does not tell the sort order, a hidden column has no header that could show it.
    untold = column is not None and column["sortOrder"] is None and not column["visible"] and not sort
    return bool(sort == [[name, "DSC"]] or untold)
