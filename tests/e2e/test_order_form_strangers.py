"""Programs of others on the panel's ports, which know all that is public of it: the form takes nothing from them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web
from playwright.async_api import Page, Route, expect

from tests.e2e.strangers import ACCOUNT, Stranger, listening
from tests.endpoint.form_rig import NO_DEADLINES, Rig
from tests.endpoint.form_steps import choose, served
from tests.support.waiting import until, until_answered

pytestmark = pytest.mark.asyncio(loop_scope="module")


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

    at_work.served_at(at_work.office.endpoint.port + 1)
    async with listening(at_work.office.endpoint.port + 1, serve):
        page = await at_work.form(ACCOUNT)
        await until(lambda: taken)
        await expect(page.locator("iframe")).to_have_count(0)
        assert taken == ["[]"]
        await page.evaluate("import('/order-form/keep.js').then((keep) => keep.sendOutbox())")
        assert await at_work.office.drafts.list(ACCOUNT) == ()
        assert await at_work.office.drafts.letterhead(ACCOUNT) == ""
        waiting: list[Any] = await page.evaluate("import('/order-form/keep.js').then((keep) => keep.unsavedEntries())")
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
    await until_answered(lambda: notes(at_work))
    await expect(page.locator("iframe")).to_have_count(0)
    await page.evaluate("import('/order-form/keep.js').then((keep) => keep.sendOutbox())")
    assert await notes(at_work) == ["ours"]


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
  const left = await keep.sendOutbox();
  window.fetch = real;
  const refused = left.map((one) => keep.rejectionOf(one)?.refused ?? null);
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


# ------------------------------------------------------------------------------------- a program at the panel's port


async def written(at_work: Rig) -> Page:
    """A form in which an order is ready to be saved."""
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await page.locator("#note").fill("segreto: ordine")
    return page


async def notes(at_work: Rig) -> list[Any]:
    return [draft.document["note"] for draft in await at_work.office.drafts.list(ACCOUNT)]


async def sent_when_back(at_work: Rig, page: Page) -> None:
    """The panel is there again: the draft that waited is stored, with the token that the tab had."""

    async def sent() -> list[Any]:
        await page.evaluate("dispatchEvent(new Event('online'))")
        return await notes(at_work)

    await until_answered(sent)
    assert await notes(at_work) == ["segreto: ordine"]
    await expect(page.locator("#access")).to_be_hidden()


UNSENT = "Il pannello non risponde: la bozza è conservata in questo browser e sarà salvata appena possibile."
STRANGE = "risponde un altro programma, non Archisync"


@pytest.mark.parametrize("knows_tokens", [True, False])
async def test_a_program_that_took_the_panels_port_gets_no_order_and_no_token(
    at_work: Rig, *, knows_tokens: bool
) -> None:
    """The panel is closed, its tab is open. The program says all that the panel says, or lets the tab in itself."""
    page, endpoint = await written(at_work), at_work.office.endpoint
    await endpoint.stop()
    stranger = Stranger(knows_tokens=knows_tokens)
    async with listening(endpoint.port, stranger.serve):
        await page.locator("#note").press("Control+Enter")
        await expect(page.locator("#saved")).to_contain_text(STRANGE)
        await expect(page.locator("#unsent")).to_be_visible()
        await page.locator("#customer").fill("neri")
        await expect(page.locator("#options-customer")).to_contain_text(STRANGE)
        before = len(stranger.seen)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await until(lambda: len(stranger.seen) > before)
        await page.evaluate("import('/order-form/keep.js').then((keep) => keep.sendOutbox())")
        await expect(page.locator("#unsent")).to_be_visible()
        assert stranger.told == []
        assert stranger.asked("/api/pair", "POST") == 0
        assert {path for _, path, _, _ in stranger.seen} == {"/api/health"}
    await at_work.office.restart()
    await sent_when_back(at_work, page)


async def test_connections_that_a_stranger_keeps_open_carry_no_token(at_work: Rig) -> None:
    """It frees the port, the panel starts; the browser may still ask over a connection that it has kept."""
    page, endpoint = await written(at_work), at_work.office.endpoint
    await endpoint.stop()
    stranger = Stranger()
    async with listening(endpoint.port, stranger.serve, keepalive=600) as site:
        await page.locator("#note").press("Control+Enter")
        await expect(page.locator("#saved")).to_contain_text(STRANGE)
        await site.stop()
        await at_work.office.restart()
        before = len(stranger.seen)
        await page.evaluate("""async () => {
          const { call } = await import("/order-form/network.js"), calls = Array.from({ length: 5 });
          for (const _ of Array.from({ length: 20 })) await Promise.allSettled(calls.map(() => call("/api/drafts")));
        }""")
        assert len(stranger.seen) > before, "the browser used none of the kept connections, so the test shows nothing"
        assert stranger.told == []
    await sent_when_back(at_work, page)


async def test_a_proof_that_the_panel_gives_a_neighbour_is_good_at_its_own_address_only(at_work: Rig) -> None:
    """The panel has moved; the program at the old port passes each question on to it."""
    page, endpoint = await written(at_work), at_work.office.endpoint
    port = endpoint.port
    await endpoint.move(port + 1)
    stranger = Stranger(relay=at_work.office)
    async with listening(port, stranger.serve):
        await page.locator("#note").press("Control+Enter")
        await expect(page.locator("#saved")).to_contain_text(STRANGE)
        assert stranger.asked("/api/health") > 0
        assert stranger.told == []
    assert await notes(at_work) == []


async def test_a_neighbour_that_copies_the_panels_name_is_not_called_the_panel(at_work: Rig) -> None:
    page, endpoint = await written(at_work), at_work.office.endpoint
    port = endpoint.port
    await endpoint.stop()
    stranger = Stranger()
    async with listening(port + 1, stranger.serve):
        await page.locator("#note").press("Control+Enter")
        await expect(page.locator("#saved")).to_have_text(UNSENT)  # and no address at which it answers
        assert stranger.asked("/api/health") > 0
        assert stranger.told == []


async def test_a_panel_that_has_moved_is_named_with_its_new_address(at_work: Rig) -> None:
    page, endpoint = await at_work.form(ACCOUNT), at_work.office.endpoint
    await endpoint.move(endpoint.port + 1)
    moved = f"Archisync risponde ora a un altro indirizzo: aprire {endpoint.url}/order-form."
    verify = "import('/order-form/network.js').then(({ verifyPanel }) => verifyPanel())"
    await page.evaluate(NO_DEADLINES)
    assert (await page.evaluate(f"{verify}.then((problem) => problem?.message ?? '')")).startswith(moved)


async def test_an_answer_between_two_programs_acknowledges_nothing(at_work: Rig) -> None:
    """The panel ends after it was asked and before the order is there; whoever takes the port acknowledges it."""
    between = await at_work.between("**/api/drafts/*")
    page, endpoint = await written(at_work), at_work.office.endpoint

    async def taken(route: Route) -> None:
        await endpoint.stop()
        document = route.request.post_data_json
        draft = {"id": route.request.url.rsplit("/", 1)[1], "version": 1, "document": document}
        await route.fulfill(status=201, json={"success": True, "total": 1, "draft": draft})

    between.instead = taken
    await page.locator("#note").press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Il pannello non risponde: la bozza è conservata")
    await expect(page.locator("#unsent")).to_be_visible()
    between.instead = None
    await at_work.office.restart()
    await sent_when_back(at_work, page)


async def test_a_tab_whose_token_was_revoked_is_let_in_again(at_work: Rig) -> None:
    """Here the panel itself says that it does not know the token; it shows by the account's key that it is."""
    page, pairing = await written(at_work), at_work.office.endpoint.pairing
    for one in pairing.store.ids():
        pairing.revoke(one)
    await until(pairing.pending)
    await expect(page.locator("#access")).to_be_visible()  # else it is hidden because it has not come yet
    pairing.approve(pairing.pending()[0].id, account=ACCOUNT)
    await expect(page.locator("#access")).to_be_hidden()
    await page.locator("#note").press("Control+Enter")
    await expect(page.locator("#saved")).to_have_text("Bozza salvata, 1 bozza.")
    assert await notes(at_work) == ["segreto: ordine"]
