"""Programs of others on the panel's ports, which know all that is public of it: the form takes nothing from them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from tests.endpoint.form_rig import Rig
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNT = "agente1"


@pytest.fixture
def at_work(at_work: Rig) -> Iterator[Rig]:
    """Browsers report what a stranger answers."""
    yield at_work
    at_work.problems.clear()


@asynccontextmanager
async def listening(port: int, serve: Any) -> AsyncIterator[None]:
    """A program on that port which answers everything by ``serve``."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


# ------------------------------------------------------------------------------------- a frame that gives

GIVER = """<!doctype html><script>
addEventListener("message", ({ data }) => {
  if (data.give) parent.postMessage({ kept: GIVEN }, "*");
  if (data.taken) fetch("/taken?" + encodeURIComponent(JSON.stringify(data.taken)))
    .then(() => parent.postMessage({ dropped: true }, "*"));
});
parent.postMessage({ ready: true }, "*");
</script>"""


def given(name: str, account: str, document: dict[str, Any]) -> dict[str, Any]:
    """What the form itself would have put into the outbox."""
    moment = "2026-01-01T00:00:00.000Z"
    entry = {"key": f"send:{name}", "kind": "send", "id": name, "tab": "t", "account": account, "at": moment}
    return entry | {"profileId": "profile-1", "origin": "x", "version": None, "document": document}


ORDER = {"customer": None, "note": "of a stranger", "lines": []}
GIVEN = [
    given("a" * 20, "", ORDER),
    given("b" * 20, ACCOUNT, ORDER),
    given("letterhead", "", {"text": "IBAN of a stranger"}),
    given("letterhead", ACCOUNT, {"text": "IBAN of a stranger"}),
    {**given("c" * 20, ACCOUNT, ORDER), "sealed": {}},
]


async def test_a_frame_of_another_program_gives_the_form_no_draft_and_no_letterhead(at_work: Rig) -> None:
    taken: list[str] = []

    async def serve(request: web.Request) -> web.Response:
        if request.path == "/taken":
            taken.append(unquote(request.query_string))
        return web.Response(text=GIVER.replace("GIVEN", json.dumps(GIVEN)), content_type="text/html")

    async with listening(at_work.office.endpoint.port + 1, serve):
        page = await at_work.form(ACCOUNT)
        await until(lambda: taken)
        await expect(page.locator("iframe")).to_have_count(0, timeout=30_000)
        assert taken == ["[]"]
        await page.evaluate("import('/order-form/keep.js').then((keep) => keep.sendWaiting())")
        assert await at_work.office.drafts.list(ACCOUNT) == ()
        assert await at_work.office.drafts.letterhead(ACCOUNT) == ""
        waiting: list[Any] = await page.evaluate("import('/order-form/keep.js').then((keep) => keep.waiting())")
        assert waiting == []


async def test_what_lies_in_plain_text_at_another_port_is_not_taken(at_work: Rig) -> None:
    """A program that had the port may have written it there. The form itself encrypts what it has left there."""
    page = await at_work.form(ACCOUNT)
    await served(page)
    await page.evaluate("""async () => {
      const storage = await import("/order-form/storage.js"), at = "2026-01-01T00:00:00.000Z";
      const entry = (key, id, note) => ({ key, id, at, kind: "send", tab: "t", account: "agente1",
        version: null, document: { customer: null, note, lines: [] } });
      await storage.put("send:ours", entry("send:ours", "o".repeat(20), "ours"));
      const theirs = entry("send:theirs", "t".repeat(20), "theirs");
      localStorage.setItem("archisync-keep:send:theirs", JSON.stringify(theirs));
    }""")
    await page.close()
    port = at_work.office.endpoint.port
    await at_work.office.endpoint.move(port + 1)
    page = await at_work.form(ACCOUNT)
    drafts: list[Any] = []
    for _ in range(2000):
        if drafts := list(await at_work.office.drafts.list(ACCOUNT)):
            break
        await page.evaluate("1")
    await expect(page.locator("iframe")).to_have_count(0, timeout=30_000)
    await page.evaluate("import('/order-form/keep.js').then((keep) => keep.sendWaiting())")
    drafts = list(await at_work.office.drafts.list(ACCOUNT))
    assert [draft.document["note"] for draft in drafts] == ["ours"]


async def served(page: Page) -> None:
    """Wait until the frame of this address is served whatever listens there."""
    question = """async () => {
      const worker = await navigator.serviceWorker.getRegistration("/order-form/handover");
      return worker?.active?.state === "activated";
    }"""
    for _ in range(1000):
        if await page.evaluate(question):
            return
    raise AssertionError("the worker was not installed")


# ------------------------------------------------------------------------------------- entries that are none

OUTBOX = """async () => {
  const storage = await import("/order-form/storage.js"), keep = await import("/order-form/keep.js");
  const real = window.fetch, at = (day) => `2026-01-0${day}T00:00:00.000Z`, asked = [];
  const entry = (day, id) => ({ key: `send:${day}`, id, at: at(day), kind: "send", tab: "t", account: "agente1",
    version: null, document: { customer: null, note: String(day), lines: [] } });
  await storage.put("send:1", { ...entry(1, "letterhead"), document: { text: "of a stranger" } });
  await storage.put("send:2", entry(2, "../letterhead?aaaaaaaaaa"));
  await storage.put("send:3", entry(3, "t".repeat(20)));
  await storage.put("send:4", entry(4, "o".repeat(20)));
  window.fetch = (url, how) => {
    if (how?.method === "PUT") asked.push(new URL(url).pathname);
    if (String(url).endsWith("t".repeat(20))) return Promise.resolve(new Response('{"total": 1}', { status: 201 }));
    return real(url, how);
  };
  const left = await keep.sendWaiting();
  window.fetch = real;
  const refused = left.map((one) => keep.whyUntaken(one)?.refused ?? null);
  const taken = await keep.adopt([entry(5, "letterhead"), { ...entry(6, "s".repeat(20)), kind: "lock" },
    { ...entry(7, "r".repeat(20)), account: "agente2" }, undefined]);
  return { asked, left: left.map(({ key }) => key), refused, taken };
}"""


async def test_an_entry_that_is_no_draft_is_not_sent_and_keeps_no_other_from_being_sent(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    found = await page.evaluate(OUTBOX)
    assert found["asked"] == [f"/api/drafts/{'t' * 20}", f"/api/drafts/{'o' * 20}"]
    assert [draft.document["note"] for draft in await at_work.office.drafts.list(ACCOUNT)] == ["4"]
    assert await at_work.office.drafts.letterhead(ACCOUNT) == ""
    assert found["left"] == ["send:3", "send:2", "send:1"], "an answer without a draft acknowledges nothing"
    no_draft = "Questa bozza non si può mostrare: contiene dati non validi. Si può esportare o eliminare."
    assert found["refused"] == [None, no_draft, no_draft]
    assert found["taken"] == []
