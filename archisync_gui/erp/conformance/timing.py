"""Measures both ways of reading one page: whether each works, how fast, and whether they agree."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

from archisync_gui.erp.cells.compare import differing_columns
from archisync_gui.erp.cells.words import Words
from archisync_gui.erp.conformance import page_facts
from archisync_gui.erp.conformance.facts import Fact, fact
from archisync_gui.erp.driver.page_driver import ReadPlan
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.erp.lists.page import other_rows
from archisync_gui.erp.lists.ways import SAME_FAILURES, Way, WhyCells


class Timing:
    """Measures both ways of reading on the page that a list view shows."""

    def __init__(self, view: ListView) -> None:
        self._view = view

    async def both_ways(self) -> AsyncIterator[Fact]:
        """The facts about ``GetPageRowValues``, the row keys and the cells."""
        view, name = self._view, self._view.entity.name
        # By cells first: a call for values that hangs keeps the grid busy.
        cells, cells_ms = await self._read(Way.CELLS)
        readable = not cells.get("problem") and bool(cells["painted"] or not cells["rows"])
        yield fact(
            "fact-cells", readable, name, ms=cells_ms, rows=len(cells["rows"]), problem=str(cells.get("problem", ""))
        )
        if readable:
            for found in page_facts.as_shown(view.entity, self._fields, cells["rows"]):
                yield found
        values, values_ms, why = await self._values(cells)
        answered = values["how"] == "answered"
        usable = why is None or why is WhyCells.OTHER_VALUES  # ``fact-ways-agree`` below reports different values
        yield fact("fact-values", usable, name, why=why.value if why else "–")
        rows = values["rows"]
        yield self._keys(values)
        if answered and readable and len(rows) == len(cells["rows"]) and rows:
            differing = differing_columns(view.entity, self._fields, rows, cells["rows"], Words(view.words))
            yield fact("fact-ways-agree", not differing, name, columns=", ".join(differing) or "–")
        else:
            yield fact("fact-ways-agree", None, name)
        by_values = (await view.reader.known()).way is Way.VALUES
        shown_ms = values_ms if by_values else cells_ms
        yield fact("fact-way", by_values, name, rows=len(cells["rows"]), ms=shown_ms, cellsMs=cells_ms)

    async def _values(self, cells: dict[str, Any]) -> tuple[dict[str, Any], int, WhyCells | None]:
        """Ask for the values until they are usable, or until they failed so often that the list is read by cells.
        Returns the last answer, its time in ms, and why it cannot be used (``None``: it can)."""
        view = self._view
        for _ in range(SAME_FAILURES):
            page, ms = await self._read(Way.VALUES)
            why = await view.reader.note(page, cells)
            if not page["quiet"]:
                await view.load_again()  # a grid that is busy with values accepts no other call
            if why is None or (await view.reader.known()).way is Way.CELLS:
                break
        return page, ms, why

    @property
    def _fields(self) -> tuple[str, ...]:
        there = {column["field"] for column in self._view.state["columns"]}
        return tuple(field for field in self._view.fields if field in there)

    async def _read(self, way: Way) -> tuple[dict[str, Any], int]:
        view, limits = self._view, self._view.limits
        started = time.monotonic()
        plan = ReadPlan(way.value, self._fields, limits.values)
        answer = await view.driver.turn(None, plan, limits.callback, limits.paint)
        return answer["page"], round((time.monotonic() - started) * 1000)

    def _keys(self, page: dict[str, Any]) -> Fact:
        entity, rows, fields = self._view.entity, page["rows"], self._fields
        if entity.row_key not in fields or not rows:
            return fact("fact-row-key", None, entity.name)
        at = fields.index(entity.row_key)
        others = other_rows(page["keys"], [row[at] for row in rows])
        right = page["keys"] is not None and not others
        return fact("fact-row-key", right, entity.name, same=len(rows) - others, of=len(rows))
