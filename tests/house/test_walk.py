"""Counts the files and moves between files that two requests need; the numbers may only go down.

The figures are printed (``pytest -s``). When a change lowers them, lower the bounds in the same commit.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QToolButton

from archisync_gui.app.core import Core
from archisync_gui.model import Event, EventKind
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.shell.window import MainWindow
from tests.benchmarks.shown import panel_and_core
from tests.benchmarks.whole import ACCOUNT, office, other_erp
from tests.support.waiting import until
from tests.support.walk import Walk, recorded

pytestmark = [pytest.mark.qasync, pytest.mark.ci]


@dataclass(frozen=True)
class Bound:
    """The most files and moves that a request may need, and the goal of the design."""

    files: int
    moves: int
    wanted: str

    def holds(self, walk: Walk) -> bool:
        return len(walk.files) <= self.files and len(walk.moves) <= self.moves

    def check(self, what: str, walk: Walk) -> None:
        """Print the figures; ``AssertionError`` above the bound."""
        print(f"\n{what}: {walk}\n  files by folder: {walk.by_folder()}\n  wanted: {self.wanted}")
        assert len(walk.files) <= self.files, f"{what} enters more files than before: {walk}"
        assert len(walk.moves) <= self.moves, f"{what} needs more moves than before: {walk}"


# Only what several walks have in common is counted, with the window's timer stopped: a background task that happens to
# run, or a second paint on a busy computer, does not belong to the request. Beside six busy processes five walks still
# share up to 2 files and 50 moves more than on an idle computer (97 and 107 files, 492 and 506 moves).
# ``docs/architecture.md`` says what the files do, by folder. The figures rose with the driver for the real pages, with
# the splits of files above 400 lines (``test_sizes``), the events' dataclasses, the watch of the profile's folder, and
# the report of each step in the browser to the run (``erp/turn.py``).
CLICK = Bound(files=105, moves=565, wanted="40 files, 160 moves")
CALL = Bound(files=118, moves=630, wanted="40 files, 160 moves")


async def common(once: Callable[[], Awaitable[Walk]], bound: Bound) -> Walk:
    """What five walks of the same request have in common; up to twenty walks while that is above the bound."""
    shared = await once()
    for count in range(2, 21):
        walk = await once()
        shared = Walk(shared.files & walk.files, shared.moves & walk.moves, shared.functions & walk.functions)
        if count >= 5 and bound.holds(shared):
            break
    return shared


@asynccontextmanager
async def _panel(app: QApplication, folder: Path) -> AsyncIterator[tuple[Panel, Core]]:
    """The whole panel, shown, on a small demo ERP in another process; no scheduled reads."""
    with other_erp("none", 0.02) as erp:
        async with panel_and_core(app, office(folder, erp.url)) as made:
            made[0].context.bridge.tick.disconnect()
            made[0].past_runs.stop()  # would count the results of the previous run 0.4 s after its end
            yield made


async def test_a_click_on_refresh_is_painted_with_few_moves(qapp: QApplication, tmp_path: Path) -> None:
    async with _panel(qapp, tmp_path) as (panel, core):
        services = panel.context.services
        assert services is not None
        window: MainWindow = panel.window
        table = window.page("overview").table
        ended: list[Event] = []
        services.orchestrator.subscribe(
            lambda event: ended.append(event) if event.kind is EventKind.SYNC_COMPLETED else None
        )
        row = next(at for at in range(6) if table.model().item(at).type == "customers")
        holder = table.indexWidget(table.model().index(row, table.model().columnCount() - 1))

        async def click() -> Walk:
            ended.clear()
            await core.erp.settled()
            with recorded() as walk:
                holder.findChild(QToolButton).click()
                await until(lambda: bool(ended), 60)
                revision = services.orchestrator.get_status().revision
                await until(lambda: panel.context.status is not None and panel.context.status.revision >= revision, 10)
                window.repaint()  # paints at once: events of Qt must not be processed inside a coroutine
            return walk

        walk = await common(click, CLICK)
        CLICK.check("a click on refresh until it is painted", walk)


async def test_a_smart_sync_call_is_answered_with_few_moves(qapp: QApplication, tmp_path: Path) -> None:
    async with _panel(qapp, tmp_path) as (panel, core):
        services = panel.context.services
        assert services is not None
        assert services.endpoint is not None
        await services.apply_settings({"session.shared_read": 0})  # the call needs a read of its own
        await services.orchestrator.request_sync("customers", ACCOUNT)
        pairing, base = services.endpoint.pairing, services.endpoint.url
        _, token = pairing.redeem(pairing.one_time_code(ACCOUNT), base, "walk")

        def send(tab: str) -> dict[str, object]:
            call = urllib.request.Request(
                f"{base}/api/customers/smart-sync",
                data=json.dumps({"sessionId": tab * 22, "label": "walk"}).encode(),
                headers={"Authorization": f"Bearer {token}", "Origin": base, "Content-Type": "application/json"},
                method="POST",
            )
            with urllib.request.urlopen(call, timeout=60) as answer:
                found: dict[str, object] = json.load(answer)
                return found

        tabs = iter("bcdfghijklmnopqrstuvwxyz")

        async def ask() -> Walk:
            await core.erp.settled()  # the follow-up work of a read must not fall into the next one
            with recorded() as walk:
                answer = await asyncio.to_thread(send, next(tabs))
            assert answer["success"]
            assert answer["newAsOf"]
            services.orchestrator.end_sessions()
            return walk

        walk = await common(ask, CALL)
        CALL.check("a smart-sync call until its answer", walk)
