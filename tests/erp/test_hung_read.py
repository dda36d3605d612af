"""A read that never ends does not block others once its browser is closed (rule 26)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from archisync_gui.erp import Erp, evidence
from archisync_gui.erp.driver.session import Limits
from archisync_gui.erp.failures import layout
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.model import Json
from tests.support.clock import settle


async def test_closing_the_browser_frees_the_turn_of_a_read_that_hangs() -> None:
    async def password(_: str) -> str:
        return "x"

    erp = Erp(address=lambda: "http://erp.example.test", password=password)
    over = asyncio.Event()

    async def hang() -> None:
        async with erp._using(), erp._login_lock:
            await over.wait()

    hung = asyncio.ensure_future(hang())
    await settle()
    await erp.close_browser()
    async with asyncio.timeout(60), erp._using(), erp._login_lock:
        assert not hung.done()
    over.set()
    await hung
    await erp.close()


async def test_a_page_that_never_answers_does_not_delay_the_end_of_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hung:
        async def structure(self) -> dict[str, Json]:
            await asyncio.Event().wait()
            return {}

    monkeypatch.setattr(evidence, "LIMIT", 0.01)
    failure, hung = layout("no-grid", path="X_ListView/"), cast("ListView", Hung())
    await evidence.keep_evidence(failure, hung, None, datetime.now(UTC))
    assert not failure.evidence


async def test_a_read_that_hangs_does_not_keep_the_program_from_ending() -> None:
    """Rule 27: the orchestrator no longer waits for the run, so the driver must not wait for it either."""

    async def password(_: str) -> str:
        return "x"

    limits = replace(Limits(), restore=0.01)
    erp = Erp(address=lambda: "http://erp.example.test", password=password, limits=limits, idle=0.0)
    over = asyncio.Event()

    async def hang() -> None:
        async with erp._using():
            await over.wait()

    hung = asyncio.ensure_future(hang())
    await settle()
    erp._timer.expire()  # as after an earlier read; the timer also waits for the browser
    erp.warm_up("agente01")  # gives up at once, since a read is active
    async with asyncio.timeout(60):
        await erp.close()
    assert erp._timer._closing is not None
    assert erp._timer._closing.done()
    over.set()
    await hung
    await erp.close()
