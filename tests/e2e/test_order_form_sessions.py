"""Smart sessions from real browser tabs: opened, kept, closed, lost; each tab its own and nobody else's."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.async_api import Browser, Page, Request, Route, WebSocketRoute, expect

from archisync_gui.endpoint.gate import Limits
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.model import Event, EventKind, SessionEnd, SmartSyncResult
from tests.endpoint.form_rig import NO_DEADLINES, RULES, Rig, chromium, rig, state_of, unreachable
from tests.support.waiting import until

CALL = """async ([url, token, body]) => {
  try {
    const answer = await fetch(url, { method: "POST", body: body === null ? undefined : JSON.stringify(body),
      headers: { Authorization: "Bearer " + token, "Content-Type": "application/json" } });
    return { status: answer.status, ...(await answer.json()) };
  } catch (error) { return { failed: String(error) }; }
}"""


pytestmark = pytest.mark.asyncio(loop_scope="module")

LATE_BEACON = replace(RULES, grace=20.0)
"""For a tab whose line may end before the panel hears that it was closed: a short grace would call it lost."""


async def call(page: Page, r: Rig, path: str, token: str, body: object = None) -> Any:
    return await page.evaluate(CALL, [r.office.url + path, token, body])


async def start(page: Page, r: Rig, token: str, **more: str) -> Any:
    return await page.evaluate("([base, token, more]) => start(base, token, more)", [r.office.url, token, more])


# ------------------------------------------------------------------------------------------------ the two calls


async def test_both_calls_work_from_a_paired_page_and_from_no_other(at_work: Rig) -> None:
    token = at_work.paired_with(Access.SESSIONS)
    page = await at_work.foreign()
    opened = await call(page, at_work, "/api/customers/smart-sync", token, {"sessionId": "s" * 24, "label": "Prova"})
    assert (opened["status"], opened["success"], opened["added"], opened["sessionCount"]) == (200, True, 1, 1)
    closed = await call(page, at_work, "/api/customers/resume-syncs", token, {"sessionId": "s" * 24})
    assert (closed["status"], closed["closed"], closed["sessionCount"]) == (200, True, 0)
    (paired,) = [p for p in at_work.office.pages.pages() if p.origin == at_work.site]
    at_work.office.endpoint.pairing.revoke(paired.id)
    refused = await call(page, at_work, "/api/customers/smart-sync", token, {"sessionId": "t" * 24})
    assert "Failed to fetch" in refused["failed"]
    assert at_work.sessions == ()


async def test_the_first_versions_calls_without_ids(at_work: Rig) -> None:
    token = at_work.paired_with(Access.SESSIONS)
    page = await at_work.foreign()
    counts = []
    for path in ("smart-sync", "resume-syncs") * 2:
        answer = await call(page, at_work, f"/api/customers/{path}", token)
        assert (answer["status"], answer["success"]) == (200, True)
        counts.append(answer["sessionCount"])
    assert counts == [1, 0, 1, 0]
    last = await call(page, at_work, "/api/customers/resume-syncs", token)
    assert (last["status"], last["closed"]) == (200, False)


async def test_a_page_is_paired_with_six_digits(at_work: Rig) -> None:
    page = await at_work.foreign()
    pairing = at_work.office.endpoint.pairing
    pairing.begin()
    await page.evaluate(
        "(base) => { paired = Archisync.pair({ base, name: 'Modulo', onDigits: (d) => { window.digits = d } }) }",
        at_work.office.url,
    )
    await until(pairing.pending)
    digits = None
    while digits is None:
        digits = await page.evaluate("window.digits ?? null")
    pairing.confirm(digits, account="agente2")
    token = (await page.evaluate("paired"))["token"]
    assert await start(page, at_work, token, profileId="profile-1") == "fresh"
    assert at_work.sessions[0].account == "agente2"
    assert at_work.problems == []


async def test_another_panel_never_sees_the_token(at_work: Rig) -> None:
    page = await at_work.foreign()
    at_work.paired_with()  # the site is known here, its other token is not
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    assert await start(page, at_work, "of-another-panel", profileId="another-profile") == "stored"
    here = [request for request in sent if at_work.office.url in request.url]
    assert [request.url.partition("?")[0] for request in here] == [f"{at_work.office.url}/api/health"] * 2
    assert not any("of-another-panel" in str(request.headers) + request.url for request in here)


async def test_a_running_sync_makes_way_and_goes_on_where_it_was(at_work: Rig) -> None:
    ticket = at_work.orchestrator.request_sync("products")
    await until(lambda: len(at_work.erp.pages) >= 3)
    page = await at_work.foreign()
    assert await start(page, at_work, at_work.paired_with()) == "fresh"
    stopped = list(at_work.erp.pages)
    assert at_work.orchestrator.get_status().current_sync != "products"
    await page.close()
    await until(lambda: len(at_work.erp.pages) > len(stopped))
    assert at_work.erp.pages == list(range(1, len(at_work.erp.pages) + 1))
    at_work.erp.whole.set()
    assert (await ticket).outcome == "completed"


# ------------------------------------------------------------------------------------------------ tabs


async def test_a_closed_tab_ends_its_session_at_once(at_work: Rig) -> None:
    page = await at_work.foreign()
    await start(page, at_work, at_work.paired_with())
    await at_work.open_sessions(1)
    handle = at_work.sessions[0].handle
    assert at_work.sessions[0].label == "Modulo <b>estraneo</b>"
    await page.close(run_before_unload=True)
    await at_work.open_sessions(0)
    assert at_work.orchestrator.session(handle) in (SessionEnd.CLOSED, SessionEnd.LOST)


async def test_a_page_that_is_left_closes_by_its_beacon(at_work: Rig) -> None:
    at_work.orchestrator.set_rules(LATE_BEACON)
    page = await at_work.foreign()
    await start(page, at_work, at_work.paired_with())
    handle = at_work.sessions[0].handle
    await page.goto("about:blank")
    await at_work.open_sessions(0)
    assert at_work.orchestrator.session(handle) is SessionEnd.CLOSED


async def test_a_crashed_tab_is_noticed_by_its_line(at_work: Rig) -> None:
    page = await at_work.foreign()
    await start(page, at_work, at_work.paired_with())
    await at_work.open_sessions(1)
    handle = at_work.sessions[0].handle
    with pytest.raises(Exception, match="crash"):
        await page.goto("chrome://crash")
    await at_work.open_sessions(0)
    assert at_work.orchestrator.session(handle) is SessionEnd.LOST


async def test_a_killed_browser_is_noticed_by_its_lines(at_work: Rig) -> None:
    token = at_work.paired_with()
    with tempfile.TemporaryDirectory() as temporary:
        await kill_a_browser(at_work, token, temporary)


async def kill_a_browser(at_work: Rig, token: str, temporary: str) -> None:
    async with chromium(temporary) as doomed:
        context = await doomed.new_context()
        for _ in range(2):
            page = await at_work.tab(f"{at_work.site}/page.html", context)
            await start(page, at_work, token)
        await at_work.open_sessions(2)
        cdp = await doomed.new_browser_cdp_session()
        with pytest.raises(Exception, match="closed"):
            await cdp.send("Browser.crash")
        await at_work.open_sessions(0)


async def test_a_stopped_browser_loses_its_sessions_until_it_is_woken(tmp_path: Path, browser: Browser) -> None:
    """A computer that sleeps under a form, as the panel sees it: lines that stand and say nothing."""
    async with rig(tmp_path, browser, rules=replace(RULES, grace=5.0), limits=Limits(heartbeat=1.0)) as at_work:
        known = set(psutil.Process().children())
        async with chromium() as sleeper:
            # Not what an earlier browser left: where nobody reaps orphans, they become children of the tests.
            (driver,) = (child for child in set(psutil.Process().children()) - known if child.children())
            context = await sleeper.new_context(locale="it-IT")
            form = await at_work.form(context=context)
            staying = await at_work.foreign()
            await start(staying, at_work, at_work.paired_with())
            await at_work.open_sessions(2)
            asleep = driver.children(recursive=True)
            for process in asleep:
                process.suspend()
            try:
                await at_work.open_sessions(1)
                assert at_work.sessions[0].handle == await staying.evaluate("session.freshness.handle")
            finally:
                for process in asleep:
                    process.resume()
            await state_of(form, "lost").wait_for()
            await later(form)
            await form.keyboard.press("a")
            await state_of(form, "fresh").wait_for()
            await at_work.open_sessions(2)
            await context.close()


async def test_a_reload_leaves_one_session(at_work: Rig) -> None:
    at_work.orchestrator.set_rules(LATE_BEACON)
    page = await at_work.form()
    await at_work.open_sessions(1)
    before = at_work.sessions[0].handle
    for _ in range(3):
        await page.reload()
        await state_of(page, "fresh").wait_for()
    await at_work.open_sessions(1)
    assert at_work.sessions[0].handle != before
    assert at_work.orchestrator.session(before) is SessionEnd.CLOSED


async def test_back_from_the_cache_opens_a_new_session(at_work: Rig) -> None:
    at_work.orchestrator.set_rules(LATE_BEACON)
    page = await at_work.foreign()
    await start(page, at_work, at_work.paired_with())
    await at_work.open_sessions(1)
    before = at_work.sessions[0].handle
    await page.goto(f"{at_work.site}/other.html")
    await at_work.open_sessions(0)
    await page.evaluate("history.back()")
    await page.wait_for_url("**/page.html", wait_until="commit")
    assert await page.evaluate("window.persisted") is True
    await at_work.open_sessions(1)
    assert at_work.sessions[0].handle != before
    assert at_work.orchestrator.session(before) is SessionEnd.CLOSED


async def test_a_double_mount_opens_one_session_with_one_call(at_work: Rig) -> None:
    page = await at_work.foreign()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url.rpartition('/')[2]}"))
    mounts = """([base, token]) => {
      const first = Archisync.openSession({ base, token }); first.close();
      window.second = Archisync.openSession({ base, token });
      return second.ready.then((f) => f.state);
    }"""
    assert await page.evaluate(mounts, [at_work.office.url, at_work.paired_with()]) == "fresh"
    await at_work.open_sessions(1)
    assert [line for line in sent if line.startswith("POST")] == ["POST smart-sync"]
    await page.evaluate("second.close()")
    await at_work.open_sessions(0)


async def test_five_tabs_in_any_order(at_work: Rig) -> None:
    await tabs_in_any_order(at_work, 5, random.Random(5))


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
async def test_ten_tabs_in_any_order_again_and_again(at_work: Rig, seed: int) -> None:
    await tabs_in_any_order(at_work, 10, random.Random(seed))


async def tabs_in_any_order(at_work: Rig, count: int, order: random.Random) -> None:
    token = at_work.paired_with()
    tabs = [await at_work.foreign() for _ in range(count)]
    assert set(await asyncio.gather(*(start(tab, at_work, token) for tab in tabs))) == {"fresh"}
    await at_work.open_sessions(count)
    order.shuffle(tabs)
    for left, tab in zip(reversed(range(count)), tabs, strict=True):
        await tab.close()
        await at_work.open_sessions(left)
    assert at_work.orchestrator.get_status().smart_customer_sync_active is False


async def test_a_duplicated_tab_has_a_session_of_its_own(at_work: Rig) -> None:
    page = await at_work.form()
    await page.locator("#note").fill("prima")
    mine = at_work.sessions[0].handle
    async with page.expect_popup() as opening:
        await page.evaluate("window.open('/order-form'), null")
    copy = await opening.value
    await state_of(copy, "fresh").wait_for()
    await at_work.open_sessions(2)
    # What the tab keeps was copied: the token and the order that is being written, but no session.
    await expect(copy.locator("#note")).to_have_value("prima")
    await copy.reload()
    await state_of(copy, "fresh").wait_for()
    await at_work.open_sessions(2)
    await copy.close()
    await at_work.open_sessions(1)
    assert at_work.sessions[0].handle == mine
    assert await page.locator("#freshness").get_attribute("data-state") == "fresh"


async def test_two_tabs_that_claim_one_session_leave_the_others_alone(at_work: Rig) -> None:
    """A program that keeps its id where a duplicated tab finds it: one session, until the first of them closes it."""
    token = at_work.paired_with()
    other = await at_work.foreign()
    await start(other, at_work, token)
    tabs = [await at_work.foreign() for _ in range(2)]
    for tab in tabs:
        await tab.evaluate("void (crypto.getRandomValues = (bytes) => bytes.fill(7))")
        assert await start(tab, at_work, token) == "fresh"
    await at_work.open_sessions(2)
    await tabs[0].close(run_before_unload=True)
    await at_work.open_sessions(1)
    await tabs[1].wait_for_function("ended.length")
    assert await tabs[1].evaluate("ended") == ["closed"]
    assert at_work.sessions[0].handle == await other.evaluate("session.freshness.handle")
    await later(tabs[1])
    await tabs[1].evaluate("delete crypto.getRandomValues")
    await tabs[1].locator("#field").press("a")
    await at_work.open_sessions(2)


async def test_two_forms_with_different_accounts(at_work: Rig) -> None:
    await at_work.form("agente1")
    await at_work.form("agente2", await at_work.browser.new_context(locale="it-IT"))
    await at_work.open_sessions(2)
    assert {s.account for s in at_work.sessions} == {"agente1", "agente2"}
    assert {account for type_, scope, account in at_work.erp.read if scope == "new"} == {"agente1", "agente2"}


async def closes(at_work: Rig, page: Page) -> None:
    await page.close(run_before_unload=True)


async def goes_elsewhere(at_work: Rig, page: Page) -> None:
    await page.goto("about:blank")


async def says_so(at_work: Rig, page: Page) -> None:
    await page.evaluate("session.close()")


async def crashes(at_work: Rig, page: Page) -> None:
    with pytest.raises(Exception, match="crash"):
        await page.goto("chrome://crash")


async def is_ended_by_the_operator(at_work: Rig, page: Page) -> None:
    at_work.orchestrator.end_session(await page.evaluate("session.freshness.handle"))


async def is_frozen_and_times_out(at_work: Rig, page: Page) -> None:
    await freeze(page, True)
    await at_work.move_on(400)  # well within the ten minutes, however slow this computer
    for other in at_work.context.pages:
        if other is not page:
            await other.evaluate("session.ask()")  # somebody works in that one
    await at_work.move_on(201)
    at_work.orchestrator.touch("x" * 32)  # the dispatcher looks at its clock


ENDS = {
    closes: (SessionEnd.CLOSED, SessionEnd.LOST),
    goes_elsewhere: (SessionEnd.CLOSED,),
    says_so: (SessionEnd.CLOSED,),
    crashes: (SessionEnd.LOST,),
    is_ended_by_the_operator: (SessionEnd.OPERATOR,),
    is_frozen_and_times_out: (SessionEnd.TIMEOUT,),
}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_however_a_tab_ends_the_other_stays_and_the_last_one_lets_the_syncs_go_on(
    at_work: Rig, end: Callable[[Rig, Page], Awaitable[None]]
) -> None:
    if ENDS[end] == (SessionEnd.CLOSED,):
        at_work.orchestrator.set_rules(LATE_BEACON)
    token = at_work.paired_with()
    ticket = at_work.orchestrator.request_sync("products")
    await until(lambda: len(at_work.erp.pages) >= 2)
    ending, staying = await at_work.foreign(), await at_work.foreign()
    for page in (ending, staying):
        assert await start(page, at_work, token) == "fresh"
    await at_work.open_sessions(2)
    mine, other = [await page.evaluate("session.freshness.handle") for page in (ending, staying)]
    stopped = len(at_work.erp.pages)
    await end(at_work, ending)
    await at_work.open_sessions(1)
    assert at_work.orchestrator.session(mine) in ENDS[end]
    assert at_work.sessions[0].handle == other
    assert await staying.evaluate("session.freshness.state") == "fresh"
    assert len(at_work.erp.pages) == stopped
    at_work.orchestrator.set_rules(RULES)  # the last one may be lost, and soon
    await staying.close()
    await until(lambda: len(at_work.erp.pages) > stopped)
    # From where it was; one that was suspended for longer than five minutes reads anew (rule 19).
    assert at_work.erp.pages[stopped] == (1 if end is is_frozen_and_times_out else stopped + 1)
    at_work.erp.whole.set()
    assert (await ticket).outcome == "completed"


async def freeze(page: Page, frozen: bool) -> None:
    """What the browser does to a tab that has long been hidden, or when the computer goes to sleep."""
    session = await page.context.new_cdp_session(page)
    await session.send("Page.setWebLifecycleState", {"state": "frozen" if frozen else "active"})


async def test_a_frozen_tab_keeps_its_session_until_its_deadline_and_goes_on_when_it_thaws(at_work: Rig) -> None:
    page = await at_work.form()
    await at_work.open_sessions(1)
    before = at_work.sessions[0].handle
    await freeze(page, True)
    at_work.orchestrator.request_sync("products")
    await at_work.move_on(400)  # well within the ten minutes, however slow this computer
    at_work.orchestrator.touch("x" * 32)  # the dispatcher looks at its clock
    await at_work.open_sessions(1)
    assert at_work.erp.pages == []
    await at_work.move_on(201)
    at_work.orchestrator.touch("x" * 32)
    await at_work.open_sessions(0)
    assert at_work.orchestrator.session(before) is SessionEnd.TIMEOUT
    await until(lambda: at_work.erp.pages)
    await freeze(page, False)
    await state_of(page, "ended").wait_for()
    await later(page)
    await page.keyboard.press("a")
    await state_of(page, "fresh").wait_for()
    await at_work.open_sessions(1)
    assert at_work.sessions[0].handle != before


# ------------------------------------------------------------------------------------------------ ends and returns


async def test_release_now_ends_all_sessions_and_every_form_says_so(at_work: Rig) -> None:
    forms = [await at_work.form(), await at_work.form("agente2", await at_work.browser.new_context(locale="it-IT"))]
    await at_work.open_sessions(2)
    at_work.orchestrator.request_sync("products")
    at_work.orchestrator.end_sessions()
    for form in forms:
        await state_of(form, "operator").wait_for()
    await until(lambda: at_work.erp.pages)
    await at_work.open_sessions(0)
    await forms[0].keyboard.press("a")
    assert at_work.sessions == ()
    await forms[1].locator("#resume").click()
    await state_of(forms[1], "fresh").wait_for()
    await at_work.open_sessions(1)
    assert at_work.sessions[0].account == "agente2"


async def test_the_operator_ends_a_session_and_the_form_says_so_and_goes_on_by_a_click(at_work: Rig) -> None:
    page = await at_work.form()
    await at_work.open_sessions(1)
    at_work.orchestrator.end_session(at_work.sessions[0].handle)
    await state_of(page, "operator").wait_for()
    await page.keyboard.type("studio")
    assert await page.locator("[role=option]").first.inner_text() != ""
    assert at_work.sessions == ()
    await page.locator("#resume").click()
    await state_of(page, "fresh").wait_for()
    await at_work.open_sessions(1)


async def test_a_session_that_timed_out_goes_on_at_the_next_key(at_work: Rig) -> None:
    page = await at_work.form()
    await at_work.open_sessions(1)
    before = at_work.sessions[0].handle
    await at_work.move_on(601)
    at_work.orchestrator.touch("x" * 32)  # the dispatcher looks at its clock
    await state_of(page, "ended").wait_for()
    assert at_work.orchestrator.session(before) is SessionEnd.TIMEOUT
    await later(page)
    await page.keyboard.press("a")
    await state_of(page, "fresh").wait_for()
    await at_work.open_sessions(1)


@pytest.mark.parametrize("cut", ["from the first on", "after the first"])
async def test_a_tab_whose_lines_are_cut_keeps_its_one_session(tmp_path: Path, browser: Browser, cut: str) -> None:
    """Security software closes every WebSocket, or lets the first one live for a while and then closes all;
    calls work. The page keeps its session and opens no other."""
    lines: list[WebSocketRoute] = []
    opened: list[Event] = []

    async def between(line: WebSocketRoute) -> None:
        lines.append(line)
        if cut == "after the first" and len(lines) == 1:
            line.connect_to_server()
        else:
            await line.close()

    async with rig(tmp_path, browser, rules=replace(RULES, grace=20.0)) as at_work:
        at_work.orchestrator.subscribe(lambda e: opened.append(e) if e.kind is EventKind.SESSION_OPENED else None)
        page = await at_work.context.new_page()
        await page.route_web_socket("**/api/smart-sessions", between)
        await virtual_time(page, at_work)
        assert await start(page, at_work, at_work.paired_with()) == "fresh"
        # "fresh" may have come on the line: when the virtual clock moves on, a call under way would be given up.
        await page.wait_for_function("underway === 0")
        if cut == "after the first":
            await at_work.open_sessions(1)
            await lines[0].close()
            await until(lambda: not at_work.sessions[0].connected)
            await page.clock.run_for(6_000)
            (known,) = at_work.orchestrator.state.sessions
            await until(lambda: at_work.orchestrator.state.sessions[known].lost is None)
        for _ in range(3):
            before = len(lines)
            await page.clock.run_for(70_000)
            await page.keyboard.press("a")
            await until(lambda before=before: len(lines) > before)
            await at_work.move_on(70)
            at_work.orchestrator.touch("x" * 32)  # the dispatcher looks at its clock
        assert [view.handle for view in at_work.sessions] == [event.data.handle for event in opened]
        assert len(opened) == 1
        assert await page.evaluate("[session.freshness.state, ended.length]") == ["fresh", 0]


@pytest.mark.parametrize("lost", ["a sign of life", "the answer", "the answer, and the line comes after the read"])
async def test_one_call_that_fails_gives_no_open_session_up(tmp_path: Path, browser: Browser, lost: str) -> None:
    """Lines are cut, and one call gets no answer. The session is open and fresh, so the page keeps it."""
    calls: list[str] = []
    opened: list[Event] = []
    heard: list[EventKind] = []

    async def cut(line: WebSocketRoute) -> None:
        if lost != "a sign of life" and not calls:
            calls.append("line")
            if lost != "the answer":
                await until(lambda: EventKind.SYNC_COMPLETED in heard)
            line.connect_to_server()  # it brings "fresh"
        else:
            await line.close()

    async def lose_the_first(route: Route) -> None:
        calls.append("touch")
        await (route.abort() if lost == "a sign of life" and calls == ["touch"] else route.continue_())

    async with rig(tmp_path, browser, rules=replace(RULES, grace=20.0)) as at_work:
        at_work.orchestrator.subscribe(lambda e: opened.append(e) if e.kind is EventKind.SESSION_OPENED else None)
        at_work.orchestrator.subscribe(lambda e: heard.append(e.kind))
        page = await at_work.context.new_page()
        await page.route_web_socket("**/api/smart-sessions", cut)
        await page.route("**/api/smart-sessions/touch", lose_the_first)
        await virtual_time(page, at_work)
        if lost != "a sign of life":
            with pytest.MonkeyPatch.context() as patch:
                asked, never = at_work.orchestrator.smart_customer_sync, asyncio.Event()

                async def without_answer(*args: Any, **more: Any) -> SmartSyncResult:
                    answer = await asked(*args, **more)
                    await never.wait()
                    return answer

                patch.setattr(at_work.orchestrator, "smart_customer_sync", without_answer)
                assert await start(page, at_work, at_work.paired_with()) == "fresh"
                await page.clock.run_for(16_000)
                await until(lambda: calls == ["line", "touch"])
                never.set()
        else:
            assert await start(page, at_work, at_work.paired_with()) == "fresh"
            await page.wait_for_function("underway === 0")
            await page.clock.run_for(61_000)
            await page.keyboard.press("a")
            await until(lambda: len(calls) >= 2)
        await page.wait_for_function("underway === 0")
        assert await page.evaluate("[session.freshness.state, ended.length]") == ["fresh", 0]
        assert [view.handle for view in at_work.sessions] == [event.data.handle for event in opened]
        assert len(opened) == 1


async def virtual_time(page: Page, at_work: Rig) -> None:
    """The foreign page, with clocks that a test moves on. Its calls are answered in real time, so their deadline, which
    Playwright's clock would move on too, is taken away, and ``underway`` counts those without an answer."""
    await page.clock.install()
    await page.goto(f"{at_work.site}/page.html")
    await page.evaluate(NO_DEADLINES)
    await page.evaluate(
        """() => {
          window.underway = 0;
          const real = window.fetch;
          window.fetch = async (...call) => {
            underway += 1;
            try {
              const response = await real(...call);
              const text = await response.text();
              return new Response(response.status === 204 ? null : text, response);
            } finally { underway -= 1; }
          };
        }"""
    )


async def test_a_panel_that_restarts_under_an_open_form(at_work: Rig) -> None:
    page = await at_work.form()
    await at_work.open_sessions(1)
    before = at_work.sessions[0].handle
    await at_work.office.endpoint.stop()
    await state_of(page, "lost").wait_for()
    await later(page)
    await page.keyboard.press("a")
    await state_of(page, "stored").wait_for()
    await at_work.open_sessions(0)
    await at_work.office.restart()
    await later(page)
    await page.keyboard.press("a")
    await state_of(page, "fresh").wait_for()
    await at_work.open_sessions(1)
    assert at_work.sessions[0].handle != before


async def later(page: Page) -> None:
    """Let the client's pause between two tries have passed."""
    await page.evaluate("() => { const now = Date.now; Date.now = () => now() + 6000; }")


async def test_without_a_panel_the_form_is_told_so_and_nothing_fails(at_work: Rig) -> None:
    page = await at_work.foreign()
    await at_work.office.endpoint.stop()
    assert await start(page, at_work, "token") == "stored"
    await page.evaluate("session.close()")


async def test_a_failed_read_is_said_and_the_session_stays(at_work: Rig) -> None:
    at_work.erp.failure = unreachable()
    page = await at_work.foreign()
    assert await start(page, at_work, at_work.paired_with()) == "failed"
    await at_work.open_sessions(1)
    at_work.erp.failure = None
    assert (await page.evaluate("session.ask().then((f) => f.state)")) == "fresh"
    await at_work.open_sessions(1)


async def test_a_page_without_the_scope_is_told(at_work: Rig) -> None:
    page = await at_work.foreign()
    token = at_work.office.let_in(at_work.site, Access.WATCH)
    assert await start(page, at_work, token) == "refused"
    assert at_work.sessions == ()


async def test_a_revoked_page_loses_its_session_and_is_told(at_work: Rig) -> None:
    page = await at_work.foreign()
    assert await start(page, at_work, at_work.paired_with()) == "fresh"
    await at_work.open_sessions(1)
    (paired,) = [p for p in at_work.office.pages.pages() if p.origin == at_work.site]
    at_work.office.endpoint.pairing.revoke(paired.id)
    await page.wait_for_function("session.freshness.state === 'refused'")
    await at_work.open_sessions(0)
