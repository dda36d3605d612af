"""Restores the view that a user had of a list; which view that is, ``restoring`` and ``saved_views`` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archisync_gui.erp.driver.page_driver import Act
from archisync_gui.erp.failures import transient
from archisync_gui.erp.lists.filters import view_of
from archisync_gui.erp.lists.presets import Presets
from archisync_gui.erp.lists.restoring import differences
from archisync_gui.erp.lists.saved_views import View

if TYPE_CHECKING:
    from archisync_gui.erp.lists.list_view import ListView


class Restorer:
    """Restores one list view, step by step, and asks the page whether every step took."""

    def __init__(self, list_view: ListView, presets: Presets) -> None:
        self._list = list_view
        self._presets = presets

    async def restore(self) -> None:
        """Restore all of it. Raises ``view-not-restored`` with what the page shows otherwise."""
        page, view = self._list, self._list.view
        # A call of a cancelled read may still be under way; its end would undo what is restored before it.
        await page.ready()
        # The size first: every further call then carries few rows.
        now = await self._now()
        if view.size_text and (view.size, view.size_text) != (now.size, now.size_text):
            await page.act(Act.PAGE_SIZE, text=view.size_text)
        await self._presets.restore(view.preset)
        await self._restore_filters()
        await self._restore_order()
        state = await page.current_state()
        if state["index"] != view.page and view.page < state["count"]:
            await page.act(Act.PAGE, index=view.page)
            state = await page.current_state()
        left = differences(view, view_of(state, page.entity.filter))
        if state["index"] != view.page and view.page < state["count"]:
            left = [*left, "page"]  # a list that has become shorter has lost the page
        if left:
            raise transient("view-not-restored", list=page.entity.name, found=", ".join(left))

    async def _now(self) -> View:
        return view_of(await self._list.current_state(), self._list.entity.filter)

    async def _restore_filters(self) -> None:
        page, view, now = self._list, self._list.view, await self._now()
        wanted = {f.field: f.value for f in view.filter_row}
        for name in sorted({f.field for f in now.filter_row} - set(wanted)):
            await page.act(Act.FILTER_ROW, field=name, value="")
        held = {f.field: f.value for f in now.filter_row}
        for name, value in wanted.items():
            if held.get(name) != value:
                await page.act(Act.FILTER_ROW, field=name, value=value)
        if view.search != now.search:
            await page.act(Act.SEARCH, text=view.search)
        if view.bar != now.bar:
            await self._presets.search(view.bar)

    async def _restore_order(self) -> None:
        page, view, now = self._list, self._list.view, await self._now()
        if view.group != now.group:
            for name, _ in now.group:
                await page.act(Act.UNGROUP, field=name)
            for at, (name, order) in enumerate(view.group):
                await page.act(Act.GROUP, field=name, at=at, order=order)
            now = await self._now()
        if view.sort and view.sort != now.sort:
            for at, (name, order) in enumerate(view.sort):
                await page.act(Act.SORT, field=name, order=order, first=at == 0, at=at)
        elif not view.sort and now.sort:
            await page.act(Act.SORT, field=now.sort[0][0], order="NONE", first=True, at=0)
