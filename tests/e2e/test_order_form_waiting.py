"""A form whose read takes longer than its call: whatever comes of the read, the form says so, lines cut or not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, TimeoutError, WebSocketRoute

from archisync_gui.model import EventKind, Finished, RunControl, Scope, Suspended
from tests.endpoint.form_rig import RULES, Rig, ScriptedErp, rig, unreachable
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLOW = replace(RULES, answer=0.3, grace=20.0)
"""A call is answered ``pending`` soon, and a session outlives its line for long."""


@dataclass
class Waiting:
    """A form that was fresh and has asked again: its read is under way, its call answered ``pending``."""

    rig: Rig
    page: Page
    lines: list[WebSocketRoute] = field(default_factory=list)
    cut: bool = False
    """No line comes up."""

    async def becomes(self, state: str) -> None:
        try:
            await self.page.wait_for_function(f"session.freshness.state === '{state}'")
        except TimeoutError:
            raise AssertionError(await self.page.evaluate("JSON.stringify(session.freshness)")) from None

    async def is_told(self, state: str) -> None:
        """The state comes, and is the last one."""
        await self.becomes(state)
        assert await self.page.evaluate("session.freshness.progress") is None

    async def cut_off(self) -> None:
        self.cut = True
        await self.lines[-1].close()
        await until(lambda: not self.rig.sessions[0].connected)


@asynccontextmanager
async def waiting(folder: Path, browser: Browser, *, older: bool = False) -> AsyncIterator[Waiting]:
    """``older``: a whole read ends between the ask and its answer, and only then the form's own one begins."""
    async with rig(folder, browser, rules=SLOW) as made:
        page = await made.context.new_page()
        page.set_default_timeout(60_000)
        form = Waiting(made, page)

        async def between(line: WebSocketRoute) -> None:
            form.lines.append(line)
            if form.cut:
                await line.close()
            else:
                line.connect_to_server()

        await page.route_web_socket("**/api/smart-sessions", between)
        await page.goto(f"{made.site}/page.html")
        await page.evaluate("([base, token]) => start(base, token)", [made.office.url, made.paired_with()])
        await form.becomes("fresh")
        await made.open_sessions(1)
        await until(lambda: ("customers", "all", "agente1") in made.erp.read)  # the whole list follows the first read
        await until(lambda: made.orchestrator.get_status().current_sync is None)
        (known,) = made.orchestrator.get_status().statuses["customers"].accounts[:1]
        assert known.new_as_of is not None
        await page.wait_for_function(f"+session.freshness.newAsOf === {int(known.new_as_of.timestamp() * 1000)}")
        made.erp.fast.clear()
        if older:
            real, went = made.erp.__class__.__call__, asyncio.Event()

            async def slow(erp: ScriptedErp, control: RunControl) -> Finished | Suspended:
                if control.run.scope is Scope.ALL:
                    await went.wait()
                return await real(erp, control)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(made.erp.__class__, "__call__", slow)
                made.orchestrator.request_sync("customers", "agente1")
                (whole,) = made.orchestrator.get_status().queue
                made.orchestrator.run_anyway(whole.id)
                await until(lambda: made.orchestrator.get_status().current_sync == "customers")
                asked = asyncio.ensure_future(page.evaluate("session.ask().then((f) => f.state)"))
                await until(lambda: bool(made.orchestrator.get_status().queue))
                went.set()
                assert await asked == "pending"
        else:
            assert await page.evaluate("session.ask().then((f) => f.state)") == "pending"
        yield form
        assert len(made.sessions) == 1


async def test_an_ask_that_takes_long_ends_fresh(tmp_path: Path, browser: Browser) -> None:
    async with waiting(tmp_path, browser) as form:
        form.rig.erp.fast.set()
        await form.becomes("fresh")


@pytest.mark.parametrize("how", ["failed", "cancelled"])
async def test_a_form_that_was_fresh_is_told_when_the_next_read_brings_nothing(
    tmp_path: Path, browser: Browser, how: str
) -> None:
    async with waiting(tmp_path, browser) as form:
        if how == "failed":
            form.rig.erp.failure = unreachable()
            form.rig.erp.fast.set()
        else:
            form.rig.orchestrator.cancel_run()
        await form.is_told("failed")
        assert await form.page.evaluate("session.freshness.message") != ""


async def test_a_read_that_began_before_the_ask_hides_no_failure(tmp_path: Path, browser: Browser) -> None:
    """While the form's own read waits, an older whole read ends well: the form has newer data, and not yet those that
    it asked for."""
    async with waiting(tmp_path, browser, older=True) as form:
        form.rig.erp.failure = unreachable()
        form.rig.erp.fast.set()
        await form.is_told("failed")


async def test_a_pause_is_told_and_fresh_data_follow_it(tmp_path: Path, browser: Browser) -> None:
    async with waiting(tmp_path, browser) as form:
        form.rig.orchestrator.hold()
        await form.is_told("held")
        form.rig.erp.fast.set()
        form.rig.orchestrator.release()
        await form.becomes("fresh")


@pytest.mark.parametrize("how", ["fresh", "failed"])
async def test_what_came_of_the_read_while_the_line_was_cut_is_told(tmp_path: Path, browser: Browser, how: str) -> None:
    async with waiting(tmp_path, browser) as form:
        ended: list[EventKind] = []
        form.rig.orchestrator.subscribe(lambda event: ended.append(event.kind))
        await form.cut_off()
        if how == "failed":
            form.rig.erp.failure = unreachable()
        form.rig.erp.fast.set()
        await until(lambda: {EventKind.SYNC_COMPLETED, EventKind.SYNC_ERROR} & set(ended))
        form.cut = False
        await form.becomes(how)


async def test_where_lines_are_always_cut_the_form_asks_again(tmp_path: Path, browser: Browser) -> None:
    async with waiting(tmp_path, browser) as form:
        await form.cut_off()
        calls: list[str] = []
        form.page.on("response", lambda answer: calls.append(f"{answer.status} {answer.url.rpartition('/')[2]}"))
        await until(lambda: calls.count("202 smart-sync") >= 2, 60)  # 5 s after the line broke, and once more
        form.rig.erp.fast.set()
        await form.becomes("fresh")


async def test_other_ages_make_no_waiting_page_fresh(tmp_path: Path, browser: Browser) -> None:
    """The whole list was read, or its age is not known any more: neither is what the form asked for. A page that has
    what it asked for shows the rows anew."""
    async with waiting(tmp_path, browser) as form:
        at = "2026-03-02T08:00:00+00:00"
        of_page = "JSON.stringify([session.freshness.state, +session.freshness.allAsOf, told])"
        await form.page.evaluate("() => { window.told = 0; session.onFresh(() => { told += 1; }); }")
        before = await form.page.evaluate("session.freshness.newAsOf.toISOString()")
        form.lines[-1].send(json.dumps({"type": "ages", "newAsOf": before, "allAsOf": at}))
        await form.page.wait_for_function(f"+session.freshness.allAsOf === +new Date('{at}')")
        assert json.loads(await form.page.evaluate(of_page))[::2] == ["pending", 0]
        form.rig.erp.fast.set()
        await form.becomes("fresh")
        newest = await form.page.evaluate("session.freshness.newAsOf.toISOString()")
        form.lines[-1].send(json.dumps({"type": "ages", "newAsOf": newest, "allAsOf": at}))
        await form.page.wait_for_function("told === 2")
        assert json.loads(await form.page.evaluate(of_page))[0] == "fresh"
