"""One opened list view: its filters set and verified, its pages turned and read, the user's own view put back.

What a read means, and whether it may be applied, is decided elsewhere (``syncs``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archisync_gui.entities.declaration import Entity, FilterWish
from archisync_gui.erp.failures import Navigated, Paused, layout, refused, transient
from archisync_gui.erp.hands import Act, Hands, Look, Target, at_erp
from archisync_gui.erp.owed import View
from archisync_gui.erp.session import ErpSession
from archisync_gui.model import Clock, Json, SyncFailure

log = logging.getLogger(__name__)

SORT_FIELD = "ID"
"""Sorted by this, newest first, new records can only come before the rows already read (``docs/erp.md``, Identity)."""


STILL_OPEN_PATIENCE = 6.0
"""Seconds for the first call in a page that was left open: if it does not answer, loading it again takes less."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was read."""

    index: int
    count: int
    """Pages there are."""
    size: int | None
    footer: int | None
    """The total of the footer, where the list has one."""
    rows: tuple[tuple[str | None, ...], ...]
    """Texts in the order of the fields asked for; ``None``: the column is not shown."""
    since: datetime
    """When it was asked for: the data are current as of then."""

    @property
    def total(self) -> int | None:
        """Rows of the whole list, as far as this page can tell: the footer, or arithmetic on the last page."""
        if self.footer is not None:
            return self.footer
        if self.index >= self.count - 1:
            return (self.size or 0) * max(self.count - 1, 0) + len(self.rows)
        return None


READ_SIZES = (20, 100, 200)
"""The page sizes that reads set."""


class ListView:
    """A list view of one entity in one account's page. Made by :meth:`open`; used by one task."""

    def __init__(self, session: ErpSession, hands: Hands, entity: Entity, fields: Sequence[str], clock: Clock) -> None:
        self.entity = entity
        self.view = View()
        """What has to be put back."""
        self.warnings: list[str] = []
        self.newest_first = False
        """The grid is sorted so that new records come first."""
        self.stop: Callable[[], bool] = lambda: False
        """Asked before each call of the ERP; True raises :class:`Paused`."""
        self.hands = hands
        self.limits = self._usual_limits = session.limits
        self._fields = tuple(fields)
        self._clock = clock
        self._since = clock.now()
        self._touched = False
        self._full_page: int | None = None
        self._chosen = 0
        self._tuned = False
        """Filters and page size were looked at by :meth:`newest`."""
        self._state: dict[str, Any] = {}
        """What the grid told last, for :meth:`newest`."""

    # --- opening ------------------------------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        session: ErpSession,
        entity: Entity,
        fields: Sequence[str],
        clock: Clock,
        logged_in: Callable[[], None],
        owed: View | None = None,
        inherited: bool = False,
    ) -> ListView:
        """Open the list. ``owed``: the user's view, still to be put back from an earlier read that could not;
        ``inherited``: that was another process's, so the user may have changed the view since."""
        since = clock.now()
        hands = await session.open(entity.path, logged_in)
        view = cls(session, hands, entity, fields, clock)
        view._since = since
        await view._ready()
        await view._note(owed, inherited)
        return view

    @classmethod
    async def still_open(
        cls,
        session: ErpSession,
        entity: Entity,
        fields: Sequence[str],
        clock: Clock,
        owed: View | None = None,
        inherited: bool = False,
    ) -> ListView:
        """The list as it was left open in the session's page. What it shows is old: only :meth:`newest` may read it."""
        view = cls(session, await session.hands(), entity, fields, clock)
        view.limits = replace(session.limits, callback=min(session.limits.callback, STILL_OPEN_PATIENCE))
        await view._note(owed, inherited)
        return view

    async def _note(self, owed: View | None, inherited: bool) -> None:
        self._state = await self.hands.look(Look.STATE)
        now = _view(self._state, self.entity.filter)
        self.view = owed or now
        if owed is not None and inherited:
            self.view = _still_owed(owed, now, self.entity, self._state)

    async def _ready(self) -> None:
        for _ in range(3):
            try:
                await self.where()
                answer = await self.hands.look(Look.READY, self.limits.callback, step="open")
            except Navigated:
                continue
            if not answer["grid"]:
                raise layout("no-grid", path=self.entity.path)
            if not answer["quiet"]:
                raise transient("erp-never-idle", step="open")
            return
        raise transient("erp-navigates", path=self.entity.path)

    async def prepare(self, page_size: int, *, columns: bool, sort: str | None = SORT_FIELD) -> Page:
        """Bring the list to the wanted columns, filters, order and page size and read its first page.

        ``columns``: switch on the hidden columns that are declared. ``sort``: the field to sort by, newest first.
        Raises ``SyncFailure``: a filter that does not take, a column that is missing, cells that stay empty.
        """
        for _ in range(4):
            try:
                await self._prepare(columns, sort)
                page = await self._first(page_size)
                self._check_columns((await self.hands.look(Look.STATE))["columns"])
                return page
            except Navigated:
                # Choosing a preset may load the whole page again; every step is one that can be repeated.
                await self._ready()
        raise transient("erp-navigates", path=self.entity.path)

    async def _prepare(self, columns: bool, sort: str | None) -> None:
        self._touched = True
        state = await self.hands.look(Look.STATE)
        wish = self.entity.filter
        if wish is not None:
            await self._preset(wish, state)
        state = await self.hands.look(Look.STATE)
        filters = state["filters"]
        for name in filters["group"]:
            if name:
                await self._act(Act.UNGROUP, field=name)
        for name, _ in filters["row"]:
            await self._act(Act.FILTER_ROW, field=name, text="")
        if filters["search"]:
            await self._act(Act.SEARCH, text="")
        elif filters["bar"]:
            await self._search_bar("")
        if columns and self.entity.choose_columns:
            await self._choose_columns(state["columns"])
        if sort is not None:
            await self._sort(sort, state)

    async def _first(self, page_size: int) -> Page:
        state = await self.hands.look(Look.STATE)
        page: Page | None = None
        if state["size"] is not None and state["size"] != page_size:
            page = await self._turn(Act.PAGE_SIZE, size=page_size)
            if page.size != page_size:
                self.warnings.append("page-size-ignored")
        elif state["size"] is None:
            self.warnings.append("page-size-unknown")
        if (page.index if page else state["index"]) != 0:
            page = await self._turn(Act.PAGE, index=0)
            if page.index != 0:
                raise transient("page-stuck", wanted=1, shown=page.index + 1)
        return page or await self._turn(None)

    # --- the newest ---------------------------------------------------------------------------------------------------

    async def newest(self, name: str, page_size: int) -> Page | None:
        """The first page sorted by a field, largest first, in as few calls of the ERP as that takes: one, where filters
        and page size are as they should be. It is always asked for anew, never what is on show. Filters and columns
        are read back with it; raises as :meth:`prepare` and :meth:`verify_filters`. ``None``: the sort does not take.
        """
        if not self._small_and_unfiltered(page_size):
            await self.prepare(page_size, columns=False, sort=None)
            self._state = await self.hands.look(Look.STATE)
        self._touched = True
        if not any(column["field"] == name for column in self._state["columns"]):
            return None
        if self._state["filters"]["sort"] == [[name, "DSC"]]:
            page = await self._turn(Act.REFRESH, with_state=True)
        else:
            page = await self._turn(Act.SORT, with_state=True, field=name, order="DSC", first=True, at=0)
        if page.index != 0:
            page = await self._turn(Act.PAGE, with_state=True, index=0)
            if page.index != 0:
                raise transient("page-stuck", wanted=1, shown=page.index + 1)
        self._check_filters(self._state["filters"])
        self._check_columns(self._state["columns"])
        self.limits = self._usual_limits
        return page if self._sorted_as(name, self._state) else None

    def _small_and_unfiltered(self, page_size: int) -> bool:
        """Whether :meth:`newest` needs no preparation; looked at once."""
        if self._tuned:
            return True
        self._tuned = True
        try:
            self._check_filters(self._state["filters"])
        except SyncFailure:
            return False
        size = self._state["size"]
        return size is not None and size <= page_size

    def _sorted_as(self, name: str, state: dict[str, Any]) -> bool:
        sort = state["filters"]["sort"]
        shown = any(c["field"] == name and c["visible"] for c in state["columns"])
        # A hidden column has no header that could tell.
        return bool(sort == [[name, "DSC"]] or (not shown and not sort))

    def _check_columns(self, columns: Sequence[dict[str, Any]]) -> None:
        visible = {column["field"] for column in columns if column["visible"]}
        missing = [c for c in self.entity.columns if c.field_name not in visible]
        if required := sorted({c.field_name for c in missing if not c.optional}):
            raise refused("column-missing", columns=", ".join(required), list=self.entity.name)

    # --- filters ------------------------------------------------------------------------------------------------------

    async def _preset(self, wish: FilterWish, state: dict[str, Any]) -> None:
        combo, value = find_preset(wish, state["filters"]["combos"])
        shown = next(c["value"] for c in state["filters"]["combos"] if c["id"] == combo)
        if not wish.click:
            # Choosing may load the page again, which brings us here once more; a filter that does not take is refused.
            if shown != value and self._chosen < 2:
                self._chosen += 1
                await self._act(Act.PRESET, combo=combo, value=value)
            return
        # These lists come with empty cells until the filter is really clicked (docs/erp.md, lists that load empty).
        if shown == value:
            blank = await self.hands.look(Look.BLANK_ROWS)
            if blank["rows"] and blank["painted"]:
                return
            await self._click_preset(combo, find_option(wish.detour, state["filters"]["combos"], combo))
        await self._click_preset(combo, value)

    async def _click_preset(self, combo: str, value: str) -> None:
        item = await self.hands.look(Look.ITEM, combo, value)
        if not item["id"]:
            raise layout("toolbar-folded", list=self.entity.name)
        self._safe_point()
        self._since = self._clock.now()
        await self.hands.look(Look.ARM, self.limits.callback)
        await self.hands.look(Look.OPEN, combo)
        await self.hands.click(Target.FILTER_ITEM, item["id"], self.limits.dialog)
        answer = await self.hands.look(Look.ARMED, self.limits.callback)
        if answer["how"] != "ended" or not answer["quiet"]:
            if answer["how"].startswith("error"):
                raise transient("erp-callback-error", step="filter", error=answer["how"][7:300])
            raise transient("erp-slow-callback" if answer["how"] == "slow" else "erp-never-idle", step="filter")

    async def _search_bar(self, text: str) -> None:
        await self.hands.type_search(text)
        await self.hands.look(Look.ARM, self.limits.callback)
        await self.hands.click(Target.SEARCH, "Vertical_SearchAC_Menu_ITCNT0_xaf_a1_Ed_B1", self.limits.dialog)
        await self.hands.look(Look.ARMED, self.limits.callback)

    async def verify_filters(self) -> dict[str, Json]:
        """Read all five filters back, as evidence; raises ``refused`` for the first that is not as wanted."""
        return self._check_filters((await self.hands.look(Look.STATE))["filters"])

    def _check_filters(self, filters: dict[str, Any]) -> dict[str, Json]:
        wish = self.entity.filter
        evidence: dict[str, Json] = {key: filters[key] for key in ("row", "search", "bar", "header", "group")}
        found: tuple[str, str] | None = None
        if wish is not None:
            combo, value = find_preset(wish, filters["combos"])
            shown = next(c for c in filters["combos"] if c["id"] == combo)
            texts = dict(shown["items"])
            evidence["preset"] = texts.get(shown["value"], shown["value"])
            if shown["value"] != value:
                found = "filter-preset", f"{evidence['preset']} ≠ {texts[value]}"
        if found is None and filters["row"]:
            found = "filter-row", ", ".join(f"{name}: {text}" for name, text in filters["row"])
        if found is None and (filters["search"] or filters["bar"]):
            found = "filter-search", filters["search"] or filters["bar"]
        if found is None and filters["header"]:
            found = "filter-header", ", ".join(filters["header"])
        if found is None and filters["group"]:
            found = "filter-grouping", ", ".join(filters["group"]) or "?"
        if found is not None:
            failure = refused(found[0], list=self.entity.name, found=found[1])
            failure.evidence = {"filters": evidence}
            raise failure
        return evidence

    # --- columns and order --------------------------------------------------------------------------------------------

    async def _choose_columns(self, columns: Sequence[dict[str, Any]]) -> None:
        wanted = {column.field_name for column in self.entity.columns if column.hidden}
        hidden = {c["i"] for c in columns if c["field"] in wanted and not c["visible"]}
        if not hidden:
            return
        await self._act(Act.COLUMNS)
        dialog = await self.hands.look(Look.DIALOG, self.limits.dialog)
        boxes = [
            box for box, off in dialog["boxes"] if off and int(box.rpartition("_C")[2].partition("Chk")[0]) in hidden
        ]
        if not dialog["open"] or not boxes or not dialog["apply"]:
            self.warnings.append("columns-not-chosen")
            return
        if dialog["tab"]:
            await self.hands.click_all(Target.COLUMN_TAB, [dialog["tab"]], self.limits.callback, "columns")
        await self.hands.click_all(Target.COLUMN_BOX, boxes, self.limits.callback, "columns")
        self._since = self._clock.now()
        await self.hands.click_all(Target.COLUMNS_APPLY, [dialog["apply"]], self.limits.callback, "columns")

    async def _sort(self, name: str, state: dict[str, Any]) -> None:
        if not any(column["field"] == name for column in state["columns"]):
            self.newest_first = False
            return
        if state["filters"]["sort"] != [[name, "DSC"]]:
            await self._act(Act.SORT, field=name, order="DSC", first=True, at=0)
            state = await self.hands.look(Look.STATE)
        self.newest_first = self._sorted_as(name, state)

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
        page = await self._turn(Act.PAGE, index=index)
        if page.index != index:
            if page.index == page.count - 1 and page.index < index:
                return page  # the list has become shorter meanwhile
            raise transient("page-stuck", wanted=index + 1, shown=page.index + 1)
        return page

    async def again(self) -> Page:
        """The first page, read once more."""
        state = await self.hands.look(Look.STATE)
        page = await (self._turn(Act.PAGE, index=0) if state["index"] else self._turn(Act.REFRESH))
        if page.index != 0:
            raise transient("page-stuck", wanted=1, shown=page.index + 1)
        return page

    async def _turn(self, act: Act | None, *, with_state: bool = False, **arguments: Any) -> Page:
        if act is not None:
            self._safe_point()
            self._since = self._clock.now()
        since = self._since
        try:
            answer = await self.hands.turn(
                act, self._fields, self.limits.callback, self.limits.paint, with_state=with_state, **arguments
            )
        except Navigated:
            await self.where()
            raise
        if with_state:
            self._state = answer["state"]
        page = answer["page"]
        if "misshapen" in page:
            raise layout("row-shape", list=self.entity.name, cells=page["misshapen"])
        if not answer["full"] and page["rows"]:
            raise refused("cells-empty", list=self.entity.name, page=page["index"] + 1)
        rows = tuple(tuple(row) for row in page["rows"])
        if page["index"] < page["count"] - 1:
            self._full_page = len(rows)
        # A pager without its size box: a page that is not the last one tells the size.
        size = page["size"] or self._full_page
        return Page(page["index"], page["count"], size, page["footer"], rows, since)

    def _safe_point(self) -> None:
        if self.stop():
            raise Paused

    async def _act(self, act: Act, **arguments: Any) -> None:
        self._safe_point()
        self._since = self._clock.now()
        try:
            await self.hands.act(act, self.limits.callback, **arguments)
        except Navigated:
            await self.where()
            raise

    async def where(self) -> None:
        """The page went away under us: raises if it is the login or the error page; else it just loaded again."""
        at_erp(await self.hands.arrived(self.limits.open))

    def touched(self) -> None:
        """Something may have to be put back (the view is owed from an earlier visit)."""
        self._touched = True

    # --- putting back -------------------------------------------------------------------------------------------------

    async def put_back(self) -> None:
        """Leave the list as its user had left it. Raises what the ERP makes of it; the caller decides what is owed."""
        if not self._touched:
            return
        self.stop = lambda: False
        for _ in range(3):
            try:
                await self._put_back()
                self._touched = False
                return
            except Navigated:
                await self._ready()

    async def _put_back(self) -> None:
        view, wish = self.view, self.entity.filter
        # A call of a cancelled read may still be under way; its end would undo what is put back before it.
        await self._ready()
        state = await self.hands.look(Look.STATE)
        # The size first: every further call then carries few rows.
        if view.size is not None and state["size"] not in (None, view.size):
            await self._act(Act.PAGE_SIZE, size=view.size)
        if view.sort and [list(item) for item in view.sort] != state["filters"]["sort"]:
            for at, (name, order) in enumerate(view.sort):
                await self._act(Act.SORT, field=name, order=order, first=at == 0, at=at)
        elif not view.sort and state["filters"]["sort"]:
            name = state["filters"]["sort"][0][0]
            await self._act(Act.SORT, field=name, order="NONE", first=True, at=0)
        if wish is not None and view.preset is not None:
            combo, _ = find_preset(wish, state["filters"]["combos"])
            shown = next(c for c in state["filters"]["combos"] if c["id"] == combo)
            if shown["value"] != view.preset and view.preset in dict(shown["items"]):
                if wish.click:
                    await self._click_preset(combo, view.preset)
                else:
                    await self._act(Act.PRESET, combo=combo, value=view.preset)
        for name, text in view.filter_row:
            await self._act(Act.FILTER_ROW, field=name, text=text)
        if view.search:
            await self._act(Act.SEARCH, text=view.search)
        elif view.bar:
            await self._search_bar(view.bar)
        for name in view.group:
            if name and name not in state["filters"]["group"]:
                await self._act(Act.GROUP, field=name)
        state = await self.hands.look(Look.STATE)
        if state["index"] != view.page and view.page < state["count"]:
            await self._act(Act.PAGE, index=view.page)

    async def screenshot(self) -> bytes | None:
        """A picture for the evidence."""
        return await self.hands.screenshot()


def _view(state: dict[str, Any], wish: FilterWish | None) -> View:
    filters = state["filters"]
    preset = None
    if wish is not None:
        combo, _ = find_preset(wish, filters["combos"])
        preset = next(c["value"] for c in filters["combos"] if c["id"] == combo)
    return View(
        preset,
        tuple((name, text) for name, text in filters["row"]),
        filters["search"],
        filters["bar"],
        tuple(filters["group"]),
        tuple((name, order) for name, order in filters["sort"]),
        state["index"],
        state["size"],
    )


def _still_owed(owed: View, now: View, entity: Entity, state: dict[str, Any]) -> View:
    """How the user wants the list that an earlier read left behind: what is still as a read leaves it, as it is owed;
    what somebody has changed since, as it is now."""
    presets: set[str | None] = {owed.preset}
    if (wish := entity.filter) is not None:
        combo, wanted = find_preset(wish, state["filters"]["combos"])
        options = next(c["items"] for c in state["filters"]["combos"] if c["id"] == combo)
        presets |= {wanted, *(value for value, text in options if text.strip() in wish.detour)}
    sorts = {owed.sort, *(((name, "DSC"),) for name in (SORT_FIELD, *entity.newest))}
    same_rows = now.preset in presets and not (now.filter_row or now.search or now.bar or now.group)
    return View(
        owed.preset if now.preset in presets else now.preset,
        now.filter_row or owed.filter_row,
        now.search or owed.search,
        now.bar or owed.bar,
        now.group or owed.group,
        owed.sort if now.sort in sorts else now.sort,
        owed.page if same_rows else now.page,
        owed.size if now.size in READ_SIZES else now.size,
    )


def find_preset(wish: FilterWish, combos: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """The combo that holds the preset filter and the wanted option's internal value.

    Values begin with a prefix that changes now and then, so they are matched by family and ending; there may be other
    combos (customers have a view selector). Raises ``preset-missing``.
    """
    for combo in combos:
        values = [(value, text) for value, text in combo["items"]]
        if not any(wish.family in value.casefold() for value, _ in values):
            continue
        for value, _ in values:
            if any(value.casefold().endswith(ending) for ending in wish.ending):
                return combo["id"], value
        for value, text in values:
            if text.strip() in wish.texts:
                return combo["id"], value
    raise layout("preset-missing", wanted=wish.texts[0])


def find_option(texts: Sequence[str], combos: Sequence[dict[str, Any]], combo: str) -> str:
    """The value of the option with one of these texts, else of any other option than the last one chosen."""
    found = next(c for c in combos if c["id"] == combo)
    for value, text in found["items"]:
        if text.strip() in texts:
            return str(value)
    for value, _ in found["items"]:
        if value != found["value"]:
            return str(value)
    raise layout("preset-missing", wanted=texts[0] if texts else "?")
