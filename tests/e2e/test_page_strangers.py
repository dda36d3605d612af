"""Paired pages of other sites, where another program listens at the panel's port or beside it: no token is told it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, WebSocketRoute

from archisync_gui import messages
from archisync_gui.endpoint.paired_pages import Access
from tests.e2e.strangers import Stranger, listening
from tests.endpoint.form_rig import NO_DEADLINES, Rig
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = "([base, token, more]) => start(base, token, more)"
PROFILE = {"profileId": "profile-1"}


async def start(page: Page, base: str, token: str, **more: Any) -> Any:
    await page.evaluate(NO_DEADLINES)
    return await page.evaluate(START, [base, token, more])


async def code(page: Page) -> Any:
    return await page.evaluate("session.freshness.code")


@pytest.mark.parametrize("more", [PROFILE, {}])
async def test_a_program_at_the_panels_port_gets_no_token(at_work: Rig, more: dict[str, str]) -> None:
    page, token, endpoint = await at_work.foreign(), at_work.paired_with(Access.SESSIONS), at_work.office.endpoint
    url, port = endpoint.url, endpoint.port
    await endpoint.stop()
    stranger = Stranger()
    async with listening(port, stranger.serve):
        assert await start(page, url, token, **more) == "stored"
        assert await code(page) == "other-program"
        assert stranger.asked("/api/health") > 0
        assert stranger.told == []
        refused = await page.evaluate(
            "([base, token]) => Archisync.request(base, '/api/customers', { token }).catch(({ code }) => code)",
            [url, token],
        )
        assert refused == "other-program"
        assert stranger.told == []
    await page.evaluate("session.close()")


async def test_a_program_beside_the_panel_is_not_taken_for_it(at_work: Rig) -> None:
    """The panel has moved two ports on; the program on the port between them has copied its name."""
    page, token, endpoint = await at_work.foreign(), at_work.paired_with(Access.SESSIONS), at_work.office.endpoint
    url, port = endpoint.url, endpoint.port
    await endpoint.move(port + 2)
    stranger = Stranger()
    async with listening(port + 1, stranger.serve):
        assert await start(page, url, token, **PROFILE) == "fresh"
        await at_work.open_sessions(1)
        assert stranger.asked("/api/health") > 0
        assert stranger.told == []
    await page.evaluate("session.close()")


async def test_a_line_is_taken_up_again_with_the_panel_only(at_work: Rig) -> None:
    """The panel ends without a word, as when it is killed."""
    lines: list[WebSocketRoute] = []

    def between(line: WebSocketRoute) -> None:
        lines.append(line)
        server = line.connect_to_server()
        if len(lines) == 1:
            server.on_message(lambda message: None if '"ended"' in str(message) else line.send(message))
            server.on_close(lambda *_: None)

    page, token, endpoint = await at_work.foreign(), at_work.paired_with(Access.SESSIONS), at_work.office.endpoint
    await page.route_web_socket("**/api/smart-sessions", between)
    assert await start(page, endpoint.url, token, **PROFILE) == "fresh"
    await at_work.open_sessions(1)
    stranger, port = Stranger(), endpoint.port
    await endpoint.stop()
    async with listening(port, stranger.serve):
        await lines[0].close()
        await until(lambda: stranger.asked("/api/health") >= 3)
        assert stranger.told == []
        assert all(method == "GET" for method, *_ in stranger.seen)
    assert len(lines) == 1
    await page.evaluate("session.close()")


async def test_a_token_that_the_panel_does_not_know_is_refused_without_being_told(at_work: Rig) -> None:
    at_work.paired_with(Access.SESSIONS)
    page, endpoint = await at_work.foreign(), at_work.office.endpoint
    for more in (PROFILE, {}):
        assert await start(page, endpoint.url, "of-a-page-that-was-revoked", **more) == "refused"
        assert await code(page) == "token-unknown"
        await page.evaluate("session.close()")
    assert await start(page, endpoint.url, "of-another-panel", profileId="profile-2") == "stored"
    assert await code(page) == "other-program"
    await page.evaluate("session.close()")
    status = await page.evaluate(
        "(base) => Archisync.request(base, '/api/customers', { token: 'x' }).then(({ status }) => status)", endpoint.url
    )
    assert status == 401


async def test_a_page_that_cannot_check_works_as_before(at_work: Rig) -> None:
    """Under plain http at a name of the local network a browser has no ``crypto.subtle``."""
    await at_work.context.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })")
    page, token, endpoint = await at_work.foreign(), at_work.paired_with(Access.SESSIONS), at_work.office.endpoint
    assert await page.evaluate("crypto.subtle") is None
    assert await start(page, endpoint.url, token, **PROFILE) == "fresh"
    await at_work.open_sessions(1)
    await page.evaluate("session.close()")
    assert await start(page, endpoint.url, token, profileId="profile-2") == "stored"
    await page.evaluate("session.close()")
    assert await start(page, endpoint.url, token) == "fresh"
    await page.evaluate("session.close()")


async def test_the_name_localhost_leads_to_the_panels_own_address(at_work: Rig) -> None:
    """On ``::1`` another user's program may listen at the panel's port, and pass on what it is asked."""
    page, token, endpoint = await at_work.foreign(), at_work.paired_with(Access.SESSIONS), at_work.office.endpoint
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    base = endpoint.url.replace("127.0.0.1", "localhost")
    assert await start(page, base, token, **PROFILE) == "fresh"
    await at_work.open_sessions(1)
    assert asked
    assert all(url.startswith(endpoint.url) for url in asked)
    await page.evaluate("session.close()")


async def test_the_readmes_example_tells_an_impostor_from_a_panel_that_is_away(at_work: Rig) -> None:
    readme = (messages.resources() / "web" / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```js\n(try \{.*?)```", readme, re.DOTALL)
    script = f"""async ([base, token]) => {{
      let said = null;
      const say = (text) => {{ said = text; }}, show = (rows) => {{ said = rows.length; }};
      {example}
      return said;
    }}"""
    page, token, endpoint = await at_work.foreign(), at_work.paired_with(Access.SESSIONS), at_work.office.endpoint
    url, port = endpoint.url, endpoint.port
    assert await page.evaluate(script, [url, token]) > 0
    await endpoint.stop()
    assert await page.evaluate(script, [url, token]) == "Archisync does not answer."
    async with listening(port, Stranger().serve):
        assert await page.evaluate(script, [url, token]) == "Another program answers in Archisync's place."
