"""Memory over a working day: for each hour the visible panel does the reads of the schedule and serves order forms,
with a real Chromium, while the ERP's data change. The reads and forms of an hour follow each other without pauses.
"""

from __future__ import annotations

import asyncio
import gc
import json
import urllib.request
from collections.abc import Mapping

import psutil
from PySide6.QtWidgets import QApplication

from archisync_gui.app.core import Core
from archisync_gui.model import Outcome
from archisync_gui.ui.system.loop import run
from tests.benchmarks.result import Result
from tests.benchmarks.shown import panel_and_core
from tests.benchmarks.whole import ACCOUNT, OtherErp, folder, office, on_screen, other_erp

READS: Mapping[str, int] = {"orders": 6, "customers": 2, "ddt": 2, "invoices": 2, "prices": 1, "products": 1}
"""Whole reads of each list in an hour."""
FORMS = 6
"""Order forms that are opened in an hour, each with fresh customers and a search."""
FLAT = 5.0
"""Megabytes by which the process may grow after the first hour."""


def _advance(erp: OtherErp, seconds: float) -> None:
    """Advance the time of the ERP: new orders, changed customers."""
    body = json.dumps({"advance": seconds}).encode()
    call = urllib.request.Request(f"{erp.control}/clock", data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(call, timeout=60):
        pass


async def _form(core: Core, number: int) -> None:
    """An agent opens a form, looks for a customer and closes it."""
    session = f"{number:032}"
    answer = await core.orchestrator.smart_customer_sync(session, ACCOUNT, label="Modulo ordini")
    if answer.code != "fresh":
        raise RuntimeError(f"a form had no fresh customers: {answer.code}")
    await core.store.search("customers", ACCOUNT, "ferramenta")
    core.orchestrator.resume_other_syncs(session)


async def _hour(core: Core, erp: OtherErp, hour: int) -> None:
    """The reads and forms of an hour, mixed."""
    steps = max(*READS.values(), FORMS)
    for step in range(steps):
        await asyncio.to_thread(_advance, erp, 3600 / steps)
        if step < FORMS:
            await _form(core, hour * FORMS + step)
        for name, times in READS.items():
            if step < times:
                result = await core.orchestrator.request_sync(name, ACCOUNT)
                if result.outcome not in (Outcome.COMPLETED, Outcome.UNCLEAN):
                    raise RuntimeError(f"{name} was not read: {result.outcome} {result.error}")
    await core.erp.settled()


async def _day(app: QApplication, hours: int, scale: float) -> list[tuple[float, float]]:
    """Megabytes of the panel (resident) and of Chromium (its own) at the end of each hour."""
    found = []
    own = psutil.Process()
    with folder() as place, other_erp("none", scale) as erp:
        async with panel_and_core(app, office(place, erp.url)) as (panel, core):
            assert panel.context.services is not None
            await panel.context.services.apply_settings({"session.shared_read": 0})  # each form has a read of its own
            for hour in range(hours):
                await _hour(core, erp, hour)
                gc.collect()
                chromium = await asyncio.to_thread(core.erp.browser_memory)
                found.append((own.memory_info().rss / 1e6, chromium / 1e6))
    return found


def day(quick: bool) -> list[Result]:
    """Eight hours at half the rows of a full-size account (quick: four at a tenth)."""
    hours, scale = (4, 0.1) if quick else (8, 0.5)
    found: list[tuple[float, float]] = []

    async def main(app: QApplication) -> int:
        found.extend(await _day(app, hours, scale))
        return 0

    with on_screen():
        run(main)
    own, chromium = [mb for mb, _ in found], [mb for _, mb in found]
    note = f"{hours} hours, {sum(READS.values())} reads and {FORMS} forms each; MB after each: "
    return [
        Result(max(own) - own[0], "MB", limit=FLAT, note=note + ", ".join(f"{mb:.0f}" for mb in own), what="growth"),
        Result(
            max(chromium), "MB", note="MB after each: " + ", ".join(f"{mb:.0f}" for mb in chromium), what="Chromium"
        ),
    ]


BENCHMARKS = (("day", day),)
