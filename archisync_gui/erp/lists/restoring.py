"""Restores the view that a user had of a list: determines the view, makes the calls, and checks the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.driver.page_driver import Act
from archisync_gui.erp.failures import transient
from archisync_gui.erp.lists.filters import State, plain_preset, view_of
from archisync_gui.erp.lists.list_page import ListPage
from archisync_gui.erp.lists.presets import Presets, presets_of_a_read
from archisync_gui.erp.lists.saved_views import View

SORT_FIELD = "ID"
"""Reads sort by this field, newest first: then new records can only appear before the rows already read
(``docs/erp.md``, Identity)."""

FAST_PAGE_SIZE = 20
"""Rows per page of a fast read."""
PAGE_SIZE = 100
"""Rows per page of a read that may be pre-empted: one call takes about two seconds."""
PAGE_SIZE_ALONE = 200
"""Rows per page of a read that cannot be pre-empted."""
READ_SIZES = (FAST_PAGE_SIZE, PAGE_SIZE, PAGE_SIZE_ALONE)
"""The page sizes that reads set. Any other one was chosen by the user."""


def differences(wanted: View, now: View) -> list[str]:
    """The parts of a view that are not as wanted. The page is not compared: the list may have become shorter."""
    names = ("filter_row", "search", "bar", "group", "sort", "size_text")
    preset = ["preset"] if plain_preset(wanted.preset) != plain_preset(now.preset) else []
    return preset + [name for name in names if getattr(wanted, name) != getattr(now, name)]


def is_sort_hidden(name: str, state: State) -> bool:
    """Whether the list may be sorted by this field although ``state`` has no sort order: the client does not know the
    order of its columns, and only the header of a visible column shows it."""
    column = next((c for c in state["columns"] if c["field"] == name), None)
    return column is not None and column["sortOrder"] is None and not column["visible"] and not state["filters"]["sort"]


def hidden_sort(entity: Entity, state: State) -> str | None:
    """The first of the fields that reads sort by for which :func:`is_sort_hidden` is true."""
    return next((name for name in _sorts_of_reads(entity) if is_sort_hidden(name, state)), None)


def _sorts_of_reads(entity: Entity) -> tuple[str, ...]:
    return (SORT_FIELD, *entity.newest)


def merge_saved_view(saved: View, now: View, entity: Entity, state: State, left: View | None = None) -> View:
    """The view to restore for a list that an earlier visit did not restore. A part that is still as a read sets it, or
    as an interrupted restoring leaves it, is taken from ``saved``; a part that the user has changed since, from
    ``now``.

    ``left``: how this process left the list then (``None``: an earlier process left it). Parts that are equal now were
    not changed by the user.
    """
    if left is not None:
        same = [part.name for part in fields(View) if getattr(now, part.name) == getattr(left, part.name)]
        now = replace(now, **{name: getattr(saved, name) for name in same})
    presets = {plain_preset(value) for value in (saved.preset, *presets_of_a_read(entity, state))}
    preset_is_ours = plain_preset(now.preset) in presets
    filter_row = saved.filter_row if _part_of(now.filter_row, saved.filter_row) else now.filter_row
    group = saved.group if _part_of(now.group, saved.group) else now.group
    search, bar = now.search or saved.search, now.bar or saved.bar
    read_sorts = {((name, "DSC"),) for name in _sorts_of_reads(entity)}
    if now.sort:
        sort_is_ours = now.sort in read_sorts or _part_of(now.sort, saved.sort)
    else:
        sort_is_ours = hidden_sort(entity, state) is not None
    same_rows = preset_is_ours and (filter_row, search, bar, group) == (
        saved.filter_row,
        saved.search,
        saved.bar,
        saved.group,
    )
    size_is_ours = now.size in READ_SIZES
    return View(
        preset=saved.preset if preset_is_ours else now.preset,
        filter_row=filter_row,
        search=search,
        bar=bar,
        group=group,
        sort=saved.sort if sort_is_ours else now.sort,
        page=saved.page if same_rows else now.page,
        size=saved.size if size_is_ours else now.size,
        size_text=saved.size_text if size_is_ours else now.size_text,
    )


def _part_of(now: Sequence[object], saved: Sequence[object]) -> bool:
    """Whether ``now`` contains nothing that was not saved: reads remove filters, groups and sorts one by one, and a
    restoring sets them one by one."""
    return all(item in saved for item in now)


class Restorer:
    """Restores one list view, step by step, and checks the result in the page."""

    def __init__(self, page: ListPage, presets: Presets, wanted: View) -> None:
        self._list = page
        self._wanted = wanted
        self._presets = presets

    async def restore(self) -> None:
        """Restore the whole view. Raises ``view-not-restored`` with the parts that the page shows otherwise."""
        page, view = self._list, self._wanted
        # A call of a cancelled read may still be in progress; its end would undo what is restored before it.
        if not page.has_settled:
            await page.ready()
        # The size first: every further call then returns few rows.
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
            left = [*left, "page"]
        if left:
            raise transient("view-not-restored", list=page.entity.name, found=", ".join(left))

    async def _now(self) -> View:
        return view_of(await self._list.current_state(), self._list.entity.filter)

    async def _restore_filters(self) -> None:
        page, view, now = self._list, self._wanted, await self._now()
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
        page, view, now = self._list, self._wanted, await self._now()
        if view.group != now.group:
            for name, _ in now.group:
                await page.act(Act.UNGROUP, field=name)
            for at, (name, order) in enumerate(view.group):
                await page.act(Act.GROUP, field=name, at=at, order=order)
            now = await self._now()
        if view.sort and view.sort != now.sort:
            for at, (name, order) in enumerate(view.sort):
                await page.act(Act.SORT, field=name, order=order, first=at == 0, at=at)
        elif not view.sort and (sorted_by := now.sort[0][0] if now.sort else page.sorted_by):
            await page.act(Act.SORT, field=sorted_by, order="NONE", first=True, at=0)
