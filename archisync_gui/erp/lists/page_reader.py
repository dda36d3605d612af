"""Reads the page on show by values or by cells, and changes from the one to the other where the first fails."""

from __future__ import annotations

from typing import Any

from archisync_gui.erp.cells.compare import differing_columns
from archisync_gui.erp.cells.words import Words
from archisync_gui.erp.driver.page_driver import Act, ReadPlan
from archisync_gui.erp.failures import layout, refused, transient
from archisync_gui.erp.lists.filters import State
from archisync_gui.erp.lists.list_page import ListPage
from archisync_gui.erp.lists.page import Page, other_rows
from archisync_gui.erp.lists.ways import KnownWay, ReadingWays, Way, WhyCells


class PageReader:
    """Reads the pages of one list view. The way is taken from what is known of the list; values that fail are named in
    a warning, and the rest of the read is by cells (``docs/erp.md``, Reading by values)."""

    def __init__(self, view: ListPage, ways: ReadingWays) -> None:
        self._view = view
        self.way: Way | None = None
        """``None``: not looked up yet."""
        self._ways = ways
        self._failed = False
        """Values have failed in this read."""
        self._compared = False
        self._full_page: int | None = None

    async def read(self, act: Act | None, *, with_state: bool = False, **arguments: Any) -> Page:
        """Make one call of the grid (or none) and read the page that it brings."""
        view = self._view
        if self.way is None:
            self._use(await self.known())
        answer = await self._turn(act, with_state=with_state, **arguments)
        why = self._failure(answer["page"]) if self.way is Way.VALUES else None
        if why is not None:
            answer = await self._change_to_cells(why, answer["page"], with_state=with_state)
        if with_state:
            view.state = answer["state"]
        page = await self._page(answer["page"])
        if why is not None:
            # Only now: where the cells are refused, too, the fault is not that of the values.
            await self._ways.failed(view.entity.name, view.version, why[0])
            if (await self.known()).way is Way.CELLS:
                view.warn("cells-kept", why=why[0].value)
            else:
                view.warn(f"cells-{why[0].value}", found=why[1])
        return page

    async def known(self) -> KnownWay:
        """What is known of how this list is read."""
        return await self._ways.of(self._view.entity.name, self._view.version)

    async def note(self, page: dict[str, Any], cells: dict[str, Any]) -> WhyCells | None:
        """Take a page that was asked for by values as one more visit: note whether they failed, and how. ``cells``: the
        same page by its cells."""
        name, version = self._view.entity.name, self._view.version
        why = self._failure({**page, "cells": cells})
        if why is not None:
            await self._ways.failed(name, version, why[0])
            return why[0]
        if page["rows"]:
            await self._ways.worked(name, version)
        return None

    def _use(self, known: KnownWay) -> None:
        self.way = known.way
        if known.way is Way.CELLS:
            self._view.warn("cells-kept", why=known.why)

    async def _turn(self, act: Act | None, *, with_state: bool, **arguments: Any) -> dict[str, Any]:
        view, limits = self._view, self._view.limits
        compare = self.way is Way.VALUES and not self._compared
        plan = ReadPlan(str(self.way), self._asked(), limits.values, compare)
        return await view.driver.turn(act, plan, limits.callback, limits.paint, with_state=with_state, **arguments)

    def _asked(self) -> tuple[str, ...]:
        """The fields to ask for: of the wanted ones those that the grid has; a name that it does not have might spoil
        the answer for all."""
        there = {column["field"] for column in self._view.state["columns"]}
        return tuple(field for field in self._view.fields if field in there)

    # --- by values ----------------------------------------------------------------------------------------------------

    def _failure(self, page: dict[str, Any]) -> tuple[WhyCells, str] | None:
        """Why the values of this page cannot be used; ``None``: they can."""
        how = str(page["how"])
        if how != "answered":
            code = {"missing": WhyCells.MISSING, "slow": WhyCells.SLOW}.get(how, WhyCells.ERROR)
            return code, how.partition(":")[2].strip()[:200]
        asked, rows = self._asked(), page["rows"]
        due = page["due"]
        if any(len(row) != len(asked) for row in rows) or len(rows) != due:
            return WhyCells.OTHER_ROWS, f"{len(rows)} / {due}"
        key = self._view.entity.row_key
        if key in asked:
            at = asked.index(key)
            if others := other_rows(page["keys"], [row[at] for row in rows]):
                return WhyCells.OTHER_ROWS, f"{others} / {len(rows)}"
        return self._compare(page)

    def _compare(self, page: dict[str, Any]) -> tuple[WhyCells, str] | None:
        """Compare the values with the cells once in a read, where the cells have their texts."""
        cells, asked = page.get("cells"), self._asked()
        if cells is None or cells.get("problem") or not cells["painted"] or len(cells["rows"]) != len(page["rows"]):
            return None
        self._compared = bool(page["rows"])
        words = Words(self._view.words)
        found = differing_columns(self._view.entity, asked, page["rows"], cells["rows"], words)
        return (WhyCells.OTHER_VALUES, ", ".join(found)) if found else None

    async def _change_to_cells(
        self, why: tuple[WhyCells, str], page: dict[str, Any], *, with_state: bool
    ) -> dict[str, Any]:
        """Read the same page by its cells, and from now on all. A grid that is still busy with the values takes no
        other call, so its page is loaded anew first."""
        view = self._view
        self.way, self._failed = Way.CELLS, True
        if not page["quiet"]:
            state = await view.load_again()
            if (state["size"], state["filters"]["sort"]) != (page["size"], page["sort"]):
                await self._ways.failed(view.entity.name, view.version, why[0])
                raise transient("values-stuck", list=view.entity.name)
        answer = await self._turn(None, with_state=with_state)
        if page["quiet"] is False and answer["page"]["index"] != page["index"]:
            answer = await self._turn(Act.PAGE, with_state=with_state, index=page["index"])
        return answer

    # --- both ---------------------------------------------------------------------------------------------------------

    async def _page(self, page: dict[str, Any]) -> Page:
        view, entity = self._view, self._view.entity
        if page.get("problem"):
            raise layout(f"grid-{page['problem']}", list=entity.name, found=page["found"])
        typed = page["way"] == Way.VALUES
        rows = [tuple(row) for row in page["rows"]]
        if not typed and rows and not page["painted"]:
            raise refused("cells-empty", list=entity.name, page=page["index"] + 1)
        if not rows and page["claimed"] and not page["empty"]:
            raise refused("cells-empty", list=entity.name, page=page["index"] + 1)
        if len(rows) < (due := page["due"]):
            raise transient("rows-missing", list=entity.name, page=page["index"] + 1, shown=len(rows), wanted=due)
        fields = self._asked()
        if not typed:
            rows = self._with_keys(fields, rows, page["keys"])
        if page["index"] < page["count"] - 1:
            self._full_page = len(rows)
        if typed and not self._failed and rows:
            await self._ways.worked(entity.name, view.version)
        # A page that is not the last one tells its size: the size box may be absent, or hold what the grid ignored.
        size = self._full_page or page["size"]
        return Page(page["index"], page["count"], size, page["footer"], tuple(rows), view.since, fields, typed)

    def _with_keys(
        self, fields: tuple[str, ...], rows: list[tuple[Any, ...]], keys: list[str | None] | None
    ) -> list[tuple[Any, ...]]:
        """Compare the ids that are shown with the rows' keys; where the id is not shown, the key is the id."""
        entity = self._view.entity
        if entity.row_key not in fields:
            return rows
        at = fields.index(entity.row_key)
        if others := other_rows(keys, [row[at] for row in rows]):
            raise refused("rows-disagree", list=entity.name, rows=others, of=len(rows))
        if keys is None or not rows or rows[0][at] is not None:
            return rows
        return [(*row[:at], key, *row[at + 1 :]) for row, key in zip(rows, keys, strict=True)]

    def check_columns(self, state: State) -> None:
        """By cells, hidden columns cannot be read: their values stay as stored, and a warning names them. A key that
        is neither shown nor told by the row key refuses the read."""
        if self.way is not Way.CELLS:
            return
        view, entity = self._view, self._view.entity
        shown = {column["field"] for column in state["columns"] if column["visible"]}
        hidden = sorted({c.field_name for c in entity.columns} - shown)
        keys = {entity.column(name).field_name for name in entity.key} - {entity.row_key}
        if lost := sorted(keys & set(hidden)):
            raise refused("column-hidden", columns=", ".join(lost), list=entity.name)
        there = {column["field"] for column in state["columns"]}
        if unread := [name for name in hidden if name in there and name != entity.row_key]:
            view.warn("columns-not-read", columns=", ".join(unread))
