"""What waits in the browser follows the panel to another port, and no page of another program reads or deletes it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, Route, expect

from tests.e2e.strangers import listening
from tests.endpoint.form_rig import NO_DEADLINES, Rig
from tests.endpoint.form_steps import ACCOUNT, choose, only, served
from tests.support.waiting import until, until_answered

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def order_waits(at_work: Rig) -> Page:
    """A form in which one order was saved while the panel was away, and another is being written."""
    between = await at_work.between("**/api/drafts/**")
    page = await at_work.form(ACCOUNT)
    await served(page)
    between.instead = Route.abort
    await choose(page)
    await page.locator("#note").fill("segreto: da spedire")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#unsent")).to_be_visible()
    await page.locator("#note").fill("segreto: non finito")
    await until_kept(page, 3)  # the two orders, and what tells a good proof
    return page


RAW = """async () => {
  const database = await new Promise((resolve, reject) => {
    const asked = indexedDB.open("archisync", 1);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = reject;
    asked.onupgradeneeded = () => { asked.transaction.abort(); };
  }).catch(() => null);
  if (!database) return "[]";
  const values = await new Promise((resolve) => {
    const asked = database.transaction("kept").objectStore("kept").getAll();
    asked.onsuccess = () => resolve(asked.result);
  });
  const text = (value) => value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value;
  database.close();
  const told = values.map((one) => JSON.stringify(one, (_, value) => text(value)));
  return JSON.stringify([...told, JSON.stringify(localStorage)]);
}"""
"""All that lies in the browser under this address, as text."""


async def until_kept(page: Page, count: int) -> None:
    """Wait until so many entries lie encrypted in the browser, and no order in plain text."""

    async def are_kept() -> bool:
        kept = json.loads(await page.evaluate(RAW))
        return sum('"sealed"' in one for one in kept) >= count and not any("segreto" in one for one in kept)

    await until_answered(are_kept)


def program_at(port: int, page: str) -> AbstractAsyncContextManager[web.TCPSite]:
    """Another program that serves ``page`` at every address of a port."""

    async def serve(request: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    return listening(port, serve)


async def moved(at_work: Rig) -> int:
    """The panel goes to the next port; returns the old one."""
    port = at_work.office.endpoint.port
    await at_work.office.endpoint.move(port + 1)
    return port


async def test_what_waits_is_found_and_sent_after_the_port_has_changed(at_work: Rig) -> None:
    page = await order_waits(at_work)
    await page.close()
    await at_work.context.unroute_all()
    await moved(at_work)
    page = await at_work.form(ACCOUNT)
    kept = await until_answered(lambda: at_work.office.drafts.list(ACCOUNT))
    document: Any = kept[0].document
    assert document["note"] == "segreto: da spedire"
    await page.goto(at_work.office.url + "/drafts")
    await only(page.locator("#unsent-list li"), "non finita")
    await page.locator("#unsent-list a").click()
    await expect(page.locator("#note")).to_have_value("segreto: non finito")


LISTED = """() => {
  window.listed = new Set();
  new MutationObserver(() => {
    for (const one of document.querySelectorAll("#unsent-list li")) listed.add(one.textContent);
  }).observe(document, { childList: true, subtree: true, characterData: true });
}"""
"""Notes each entry that was ever in the list of what is not saved."""


async def test_an_order_on_its_way_from_the_old_port_is_not_listed_as_unsent(at_work: Rig) -> None:
    page = await order_waits(at_work)
    await page.close()
    await at_work.context.unroute_all()
    await moved(at_work)
    sending, answered = asyncio.Event(), asyncio.Event()

    async def list_comes_while_the_order_is_sent(route: Route) -> None:
        await sending.wait()
        await route.continue_()

    async def held(route: Route) -> None:
        if route.request.method == "PUT":
            sending.set()
            await answered.wait()
        await route.continue_()

    await at_work.context.route("**/api/drafts", list_comes_while_the_order_is_sent)
    await at_work.context.route("**/api/drafts/*", held)
    await at_work.context.add_init_script(f"({LISTED})()")
    await at_work.context.add_init_script(NO_DEADLINES)
    page = await at_work.tab(at_work.office.endpoint.order_form_url(ACCOUNT).replace("/order-form", "/drafts"))
    await sending.wait()
    async with page.expect_response("**/api/drafts"):
        pass
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    answered.set()
    await only(page.locator("#unsent-list li"), "segreto: non finito")
    await only(page.locator(".draft"), "Studio Bianchi Srl")
    assert "Studio Bianchi" not in await page.evaluate("[...listed].join()")


LATE = """() => {
  const seen = new Set(), { set, ...rest } = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "src");
  Object.defineProperty(HTMLIFrameElement.prototype, "src", { ...rest, set(url) {
    set.call(this, seen.has(url) ? url : "about:blank");
    seen.add(url);
  } });
}"""
"""The first frame of each address shows nothing, as on a computer that is too busy to start the worker in time."""


async def test_an_address_that_did_not_answer_is_asked_again(at_work: Rig) -> None:
    page = await order_waits(at_work)
    await page.close()
    await at_work.context.unroute_all()
    await moved(at_work)
    await at_work.context.add_init_script(f"({LATE})()")
    page = await at_work.tab(at_work.office.endpoint.order_form_url(ACCOUNT).replace("/order-form", "/drafts"))
    await only(page.locator("#unsent-list li"), "segreto: non finito")
    await only(page.locator(".draft"), "Studio Bianchi Srl")


async def test_an_address_keeps_what_the_other_has_not_stored(at_work: Rig) -> None:
    page = await order_waits(at_work)
    await page.close()
    await at_work.context.unroute_all()
    old = await moved(at_work)
    refuse = """() => {
      const refuse = () => { throw new DOMException("full", "QuotaExceededError"); };
      if (location.port !== "OLD") { Storage.prototype.setItem = refuse; IDBObjectStore.prototype.put = refuse; }
    }""".replace("OLD", str(old))
    await at_work.context.add_init_script(f"({refuse})()")
    page = await at_work.form(ACCOUNT)
    await expect(page.locator("#unkept")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    await expect(page.locator("iframe")).to_have_count(0)
    await page.close()
    await at_work.office.endpoint.move(old)
    page = await at_work.form(ACCOUNT)
    await page.goto(at_work.office.url + "/drafts")
    await only(page.locator("#unsent-list li"), "non finita")
    await only(page.locator(".draft"), "Studio Bianchi Srl")


THIEF = """<!doctype html><title>thief</title><link rel="icon" href="data:,"><script>
  window.heard = [];
  addEventListener("message", ({ origin, data }) => {
    if (!origin.startsWith("http://127.0.0.1")) return;
    heard.push(data);
    for (const proof of ["", "0".repeat(64), 1, null]) {
      source.contentWindow.postMessage({ proof, give: true }, "*");
      source.contentWindow.postMessage({ proof, taken: [{ key: "send:x", at: null }] }, "*");
    }
  });
  let source;
  function ask(address) {
    source = document.createElement("iframe");
    source.src = `${address}/order-form/handover.html`;
    document.body.append(source);
  }
</script><body></body>"""


OTHER_TAB = """async (when) => {
  const storage = await import("/order-form/storage.js");
  for (const key of ["aside:m", "send:z"]) await storage.put(key, { key, at: "2026-01-01" });
  const raw = (act) => new Promise((resolve) => {
    const asked = indexedDB.open("archisync", 1);
    asked.onsuccess = () => {
      const transaction = asked.result.transaction("kept", "readwrite");
      act(transaction.objectStore("kept"));
      transaction.oncomplete = resolve;
    };
  });
  const late = { key: "copy:t", at: "2026-01-02" };
  localStorage.setItem("archisync-keep:copy:t", JSON.stringify(late));
  let written = null;
  const real = IDBObjectStore.prototype[when];
  IDBObjectStore.prototype[when] = function (...how) {
    const request = real.apply(this, how);
    request.addEventListener("success", () => {
      written ??= raw((store) => { store.put(late, "copy:t"); store.put({ key: "a", at: "2026-01-02" }, "a"); });
      localStorage.removeItem("archisync-keep:copy:t");
    });
    return request;
  };
  const found = await storage.all();
  await written;
  return JSON.stringify([...found]);
}"""
"""What a tab finds when another one's write comes onto the disk at a certain moment of its reading."""


@pytest.mark.parametrize("moment", ["getAllKeys", "getAll"])
async def test_no_entry_is_missed_or_mistaken_while_another_tab_writes(at_work: Rig, moment: str) -> None:
    page = await at_work.form(ACCOUNT)
    found = dict(json.loads(await page.evaluate(OTHER_TAB, moment)))
    assert {"aside:m", "send:z", "copy:t"} <= set(found)
    assert all(value["key"] == key for key, value in found.items() if "key" in value)


SAVED_AGAIN = """async () => {
  const storage = await import("/order-form/storage.js");
  const put = (at) => storage.put("send:x", { key: "send:x", at });
  await put("1");
  const changed = storage.change("send:x", (now) => now.at === "1" ? null : { ...now, version: 2 });
  const again = put("2");
  await Promise.all([changed, again]);
  return JSON.stringify(await storage.get("send:x"));
}"""


async def test_a_draft_saved_again_while_it_is_acknowledged_stays_in_the_outbox(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    assert json.loads(await page.evaluate(SAVED_AGAIN)) == {"key": "send:x", "at": "2", "version": 2}


TWO_STATES = """async ([stored, journalled]) => {
  const storage = await import("/order-form/storage.js");
  const state = (at) => ({ key: "copy:t", kind: "copy", id: "o", at });
  await storage.put("copy:t", state(stored));
  localStorage.setItem("archisync-keep:copy:t", JSON.stringify(state(journalled)));  // the page ended before its write
  const { at } = (await storage.allRaw()).get("copy:t");
  await storage.drop("copy:t", at);
  return JSON.stringify([at, await storage.get("copy:t")]);
}"""


@pytest.mark.parametrize("states", [("1", "2"), ("2", "1")])
async def test_no_earlier_state_stays_of_what_another_address_has_taken(at_work: Rig, states: tuple[str, str]) -> None:
    page = await at_work.form(ACCOUNT)
    assert json.loads(await page.evaluate(TWO_STATES, list(states))) == ["2", None]


TAKEN_OVER_AGAIN = """async (document) => {
  const keep = await import("/order-form/keep.js");
  const { entry, kept } = keep.addToOutbox("s".repeat(24), null, document);
  await kept;
  await keep.sendOutbox();
  const adopted = await keep.adopt([entry]);
  const left = await keep.sendOutbox();
  return JSON.stringify([adopted.length, left.map(({ key }) => key)]);
}"""
"""The other address had not deleted the save yet when this page sent it, and gives it again."""


async def test_a_save_that_is_taken_over_again_after_it_was_sent_is_not_listed_as_unsent(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    document = {"customer": None, "priceGroup": "002", "date": "2026-01-05", "note": "", "deliveryAddress": "",
                "desiredDate": None, "lines": []}  # fmt: skip
    assert json.loads(await page.evaluate(TAKEN_OVER_AGAIN, document)) == [1, []]
    assert len(await at_work.office.drafts.list(ACCOUNT)) == 1


OTHER_PROGRAM = """<!doctype html><title>another test's server</title><link rel="icon" href="data:,">"""


async def test_a_refusal_of_a_program_on_a_neighbouring_port_is_no_problem_of_the_form(at_work: Rig) -> None:
    """Else a test fails that has a server of another test beside it."""
    refusing = {"Content-Security-Policy": "frame-ancestors 'none'"}

    async def serve(request: web.Request) -> web.Response:
        return web.Response(text=OTHER_PROGRAM, content_type="text/html", headers=refusing)

    heard: list[str] = []
    at_work.served_at(at_work.office.endpoint.port + 1)
    async with listening(at_work.office.endpoint.port + 1, serve):
        page = await at_work.context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("console", at_work._console)
        await page.goto(at_work.office.endpoint.order_form_url(ACCOUNT))
        await until(lambda: any("frame-ancestors" in one for one in heard))
    assert at_work.problems == []


async def test_only_ports_at_which_the_form_was_served_are_asked(at_work: Rig) -> None:
    """Each is asked with a hidden frame, which costs a process of the browser."""
    asked: list[int | None] = []

    async def serve(request: web.Request) -> web.Response:
        asked.append(request.url.port)
        return web.Response(text=OTHER_PROGRAM, content_type="text/html")

    port = at_work.office.endpoint.port
    at_work.served_at(port + 2)
    async with listening(port + 1, serve), listening(port + 2, serve):
        page = await at_work.form(ACCOUNT)
        await until(lambda: asked)
        await expect(page.locator("iframe")).to_have_count(0)
        assert set(asked) == {port + 2}


WRITTEN_BESIDE = """async () => {
  const storage = await import("/order-form/storage.js");
  const kept = storage.put("send:x", { key: "send:x", at: "1" });
  const other = JSON.stringify({ key: "send:x", at: "2" });
  localStorage.setItem("archisync-keep:send:x", other);
  await kept;
  return localStorage.getItem("archisync-keep:send:x") === other;
}"""


async def test_what_another_tab_has_just_written_stays_in_the_journal(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    assert await page.evaluate(WRITTEN_BESIDE)


async def test_a_page_on_a_neighbouring_port_is_given_nothing(at_work: Rig) -> None:
    page = await order_waits(at_work)
    await page.close()
    await at_work.context.unroute_all()
    old = await moved(at_work)
    async with program_at(old + 2, THIEF):
        thief = await at_work.tab(f"http://127.0.0.1:{old + 2}/")
        await thief.evaluate("(address) => ask(address)", f"http://127.0.0.1:{old}")
        await until_answered(lambda: thief.evaluate("heard.length"))
        heard = await thief.evaluate("new Promise((done) => setTimeout(() => done(JSON.stringify(heard)), 500))")
        assert json.loads(heard) == [{"ready": True}]
        await thief.close()
    page = await at_work.form(ACCOUNT)
    await page.goto(at_work.office.url + "/drafts")
    await only(page.locator("#unsent-list li"), "non finita")
    await only(page.locator(".draft"), "Studio Bianchi Srl")


async def test_a_program_that_took_the_old_port_reads_no_order(at_work: Rig) -> None:
    page = await order_waits(at_work)
    await page.close()
    await at_work.context.unroute_all()
    old = await moved(at_work)
    async with program_at(old, "<!doctype html><title>thief</title><link rel=icon href='data:,'>"):
        thief = await at_work.tab(f"http://127.0.0.1:{old}/")
        found = await thief.evaluate(RAW)
        assert "sealed" in found, "there is nothing to read, so the test shows nothing"
        assert "segreto" not in found
        assert "Bianchi" not in found
        await thief.close()


async def test_the_key_is_given_to_our_own_pages_only(at_work: Rig) -> None:
    office = at_work.office
    for origin in (at_work.site, None):
        token = office.let_in(origin)
        headers = {"Authorization": f"Bearer {token}"} | ({"Origin": origin} if origin else {})
        refused = await office.ask("GET", "/api/drafts/browser-key", headers)
        assert (refused.status, refused.code) == (403, "own-pages-only")
    assert (await office.ask("GET", "/api/drafts/browser-key")).status == 401


async def test_pages_may_reach_the_panels_own_ports_and_no_others(at_work: Rig) -> None:
    office = at_work.office
    port = office.endpoint.port
    policy = (await office.ask("GET", "/order-form")).headers["Content-Security-Policy"]
    rules = {name: values.split() for name, _, values in (one.strip().partition(" ") for one in policy.split(";"))}
    ports = {f"http://127.0.0.1:{port + n}" for n in range(10)}
    assert set(rules["frame-src"]) == ports
    assert set(rules["connect-src"]) == {"'self'", f"ws://127.0.0.1:{port}", *ports}
    assert "*" not in policy
    await office.endpoint.move(port + 1)
    policy = (await office.ask("GET", "/order-form")).headers["Content-Security-Policy"]
    assert f"http://127.0.0.1:{port} " in policy.replace(";", " ;"), "an earlier port is remembered"


async def test_the_frame_is_served_as_the_panel_has_it_now_and_not_as_an_earlier_one_had_it(at_work: Rig) -> None:
    page = await at_work.tab(f"{at_work.office.url}/docs")
    await page.evaluate("""async () => {
      const cache = await caches.open("archisync-handover-1");
      await cache.put("/order-form/handover-frame.js", new Response("of another time"));
    }""")
    await page.close()
    page = await at_work.form(ACCOUNT)
    await served(page)
    await page.goto(f"{at_work.office.url}/order-form/handover-frame.js")
    text = await page.locator("body").inner_text()
    assert "storage.allRaw" in text, text
    # What an earlier panel left is deleted.
    await until_answered(lambda: page.evaluate("caches.keys().then((names) => names.length === 1)"))
    assert await page.evaluate("caches.keys()") != ["archisync-handover-1"]


async def test_a_second_account_reads_nothing_of_the_first(at_work: Rig) -> None:
    page = await order_waits(at_work)
    await page.close()
    await at_work.context.unroute_all()
    other = await at_work.form("agente2")
    await other.goto(at_work.office.url + "/drafts")
    await expect(other.locator("#none")).to_be_visible()
    keys = {(await key_of(at_work, account)) for account in (ACCOUNT, "agente2")}
    assert len(keys) == 2


async def key_of(at_work: Rig, account: str) -> str:
    page = await at_work.form(account)
    token = await page.evaluate("JSON.parse(sessionStorage.getItem('archisync-token')).token")
    headers = {"Authorization": f"Bearer {token}", "Origin": at_work.office.url}
    answer = await at_work.office.ask("GET", "/api/drafts/browser-key", headers)
    await page.close()
    return str(answer.json["key"])
