"""Reads the page that is shown, by values or by cells, and changes to cells where values fail."""

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
    """Reads the pages of one list view, in the way known for the list. If values fail, a warning says so, and the rest
    of the read is by cells (``docs/erp.md``, Reading by values)."""

    def __init__(self, view: ListPage, ways: ReadingWays) -> None:
        self._view = view
        self.way: Way | None = None
        """``None``: not looked up yet."""
        self._ways = ways
        self._failed = False
        """True: values have failed in this read."""
        self._compared = False
        """True: values were compared with cells in this read."""
        self._full_page: int | None = None
        """Number of rows of a page that was not the last one."""

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
            # Not before: if the cells are refused, too, the fault does not lie with the values.
            await self._ways.failed(view.entity.name, view.version, why[0])
            if (await self.known()).way is Way.CELLS:
                view.warn("cells-kept", why=why[0].value)
            else:
                view.warn(f"cells-{why[0].value}", found=why[1])
        return page

    async def known(self) -> KnownWay:
        """How this list is read, as far as known."""
        return await self._ways.of(self._view.entity.name, self._view.version)

    async def note(self, page: dict[str, Any], cells: dict[str, Any]) -> WhyCells | None:
        """Store whether the values of a page failed, as a read would do; returns why. ``cells``: the same page, read by
        its cells."""
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
        answer = await view.driver.turn(act, plan, limits.callback, limits.paint, with_state=with_state, **arguments)
        view.check_position(answer["page"])
        return answer

    def _asked(self) -> tuple[str, ...]:
        """The wanted fields that the grid has. A name that it does not have might make the whole call fail."""
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
        """Compare the values with the cells, once in a read, if all cells have their texts. Returns as
        :meth:`_failure`."""
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
        """Read this page and all following ones by cells. If the grid is still busy with the values, it accepts no
        other call, so the page is loaded again first."""
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
        if page.get("old"):
            raise transient("rows-old", list=entity.name, page=page["index"] + 1)
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
        # A page that is not the last one shows its size; the size box may be missing, or have a size that was ignored.
        size = self._full_page or page["size"]
        return Page(page["index"], page["count"], size, page["footer"], tuple(rows), view.since, fields, typed)

    def _with_keys(
        self, fields: tuple[str, ...], rows: list[tuple[Any, ...]], keys: list[str | None] | None
    ) -> list[tuple[Any, ...]]:
        """Compare the shown ids with the row keys; where the id is not shown, use the row key as the id."""
        entity = self._view.entity
        if entity.row_key not in fields:
            return rows
        at = fields.index(entity.row_key)
        if others := other_rows(keys, [row[at] for row in rows]):
            raise refused("rows-disagree", list=entity.name, rows=others, of=len(rows))
        if keys is None or not rows or rows[0][at] is not None:
            return rows
        return [(*row[:at], key or "", *row[at + 1 :]) for row, key in zip(rows, keys, strict=True)]

    def check_columns(self, state: State) -> None:
        """By cells, hidden columns cannot be read: their stored values are kept, and a warning names them. The read is
        refused if a key column is hidden that the row key does not replace."""
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
