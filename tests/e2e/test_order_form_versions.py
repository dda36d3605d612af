"""Several versions of one order at a time: whichever the agent goes on with, the others stay to be found."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from playwright.async_api import Page, Route, expect

from archisync_gui.model import Account
from tests.endpoint.form_rig import Between, Rig
from tests.endpoint.form_steps import (
    ACCOUNT,
    add,
    changed_elsewhere,
    changed_here_and_elsewhere,
    choose,
    edit,
    held,
    kept,
    line,
    rows,
    stored,
    unsent,
)
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def at_work(at_work: Rig) -> Iterator[Rig]:
    """In these tests no page may complain of anything but a refusal that the test provokes."""
    yield at_work
    assert [one for one in at_work.problems if "412" not in one] == []


async def other_version_opened(at_work: Rig) -> Page:
    """The agent has met a conflict, and opens the other version."""
    page, _ = await changed_here_and_elsewhere(at_work)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#conflict")).to_be_visible()
    await page.locator("#conflict-open").click()
    await expect(page.locator("#lines tr")).to_have_count(2)
    return page


async def test_a_version_that_was_not_chosen_stays_when_the_other_is_saved(at_work: Rig) -> None:
    page = await other_version_opened(at_work)
    await page.locator("#date").fill("2026-03-02")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    await kept(page)
    (found,) = await unsent(at_work)
    assert "qui" in found
    await page.goto(at_work.office.url + "/drafts")
    await page.locator("#unsent-list a").click()
    await expect(page.locator("#conflict")).to_contain_text("qui")
    await page.locator("#conflict-mine").click()
    await expect(page.locator("#note")).to_have_value("qui")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    await kept(page)
    assert await unsent(at_work) == [], "what was saved is no longer among the unfinished orders"


async def test_two_versions_of_one_draft_are_laid_aside_each_for_itself(at_work: Rig) -> None:
    page = await other_version_opened(at_work)
    await page.locator("#note").fill("là")
    await edit(page, await stored(at_work, line("020001", 1), line("030001", 1), line("012345K3", 1), id_="e" * 24), 3)
    await kept(page)
    found = await unsent(at_work)
    assert len(found) == 2
    assert {"qui" in one for one in found} == {"là" in one for one in found} == {True, False}
    await page.goto(at_work.office.url + "/drafts")
    await page.locator("#unsent-list li", has_text="là").get_by_role("link").click()
    await expect(page.locator("#note")).to_have_value("là")


async def test_a_duplicated_tab_lays_its_own_writing_aside(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await page.locator("#note").fill("prima")
    await kept(page)
    async with page.expect_popup() as opening:
        await page.evaluate("window.open('/order-form'), null")
    copy = await opening.value
    await expect(copy.locator("#note")).to_have_value("prima")
    await copy.locator("#note").fill("seconda")
    id_ = await stored(at_work, line("020002", 3))
    for tab in (page, copy):
        await edit(tab, id_, 1)
        await kept(tab)
    found = await unsent(at_work)
    assert {"prima" in one for one in found} == {"seconda" in one for one in found} == {True, False}
    assert await rows(page) == [["020002", "3"]]


@pytest.mark.parametrize("through", ["Riprendi", "Modifica"])
async def test_a_changed_draft_opened_again_in_its_tab_stays_as_it_was_written(at_work: Rig, through: str) -> None:
    id_ = await stored(at_work, line("020002", 3), line("020001", 1))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 2)
    await page.locator("#lines .quantity").first.fill("7")
    await page.locator("#note").fill("qui")
    await page.keyboard.press("Alt+f")
    await expect(page.locator("#unsent-list li")).to_contain_text("non finita")
    await page.get_by_role("link", name=through).click()
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    await expect(page.locator("#note")).to_have_value("qui")
    assert await rows(page) == [["020002", "7"], ["020001", "1"]]
    await edit(page, id_, 2)  # the address names it once more
    await expect(page.locator("#note")).to_have_value("qui")
    await kept(page)
    await page.reload()
    await expect(page.locator("#note")).to_have_value("qui")
    assert await rows(page) == [["020002", "7"], ["020001", "1"]]


async def test_a_changed_draft_opened_again_is_compared_with_what_was_stored_meanwhile(at_work: Rig) -> None:
    page, id_ = await changed_here_and_elsewhere(at_work)
    await page.evaluate("(id) => { location.hash = `draft=${id}` }", id_)
    await expect(page.locator("#conflict")).to_contain_text("qui")
    await page.locator("#conflict-open").click()
    await expect(page.locator("#lines tr")).to_have_count(2)
    await kept(page)
    (found,) = await unsent(at_work)
    assert "qui" in found


@pytest.mark.parametrize("typed", ["", "da ritirare"])
async def test_a_draft_that_the_panel_sends_late_takes_neither_focus_nor_text(at_work: Rig, typed: str) -> None:
    """The tab shows its copy of the draft while the panel is asked for the stored one."""
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        asked.set()
        await go_on.wait()
        await route.continue_()

    id_ = await stored(at_work, line("020002", 3))
    between = await at_work.between(f"**/api/drafts/{id_}", patient=True)
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.wait_for_function("() => !location.hash")
    between.instead = late
    await page.evaluate("(id) => { location.hash = `draft=${id}` }", id_)
    await asked.wait()
    await page.locator("#note").focus()
    await page.keyboard.type(typed)
    go_on.set()
    await page.wait_for_function("() => !location.hash")
    await page.keyboard.type(" subito")
    await expect(page.locator("#note")).to_have_value(f"{typed} subito")
    await kept(page)
    assert await unsent(at_work) == [], "the order that is written here was laid aside"


async def test_an_order_that_was_never_saved_opened_again_in_its_tab_is_not_called_missing(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await page.locator("#note").fill("qui")
    await page.keyboard.press("Alt+f")
    await page.get_by_role("link", name="Riprendi").click()
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    await expect(page.locator("#note")).to_have_value("qui")
    await expect(page.locator("#note-top")).to_be_hidden()


# ---------------------------------------------------------------------------------- the form is emptied


async def emptied(at_work: Rig, page: Page) -> None:
    """The form is emptied with an order and a text in the article's box in it."""
    await choose(page, "50121")
    await add(page, "lucido.b", "4")
    await page.locator("#product").fill("lucido")
    await page.locator("#clear").click()
    await expect(page.locator("#saved")).to_contain_text("Modulo svuotato.")


async def test_a_late_answer_does_not_end_the_offer_to_take_an_emptied_form_back(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/**", patient=True)
    page = await at_work.form(ACCOUNT)
    await choose(page)
    go_on = held(between)
    await page.keyboard.press("Control+Enter")
    await emptied(at_work, page)
    go_on.set()
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata, 1 bozza. Modulo svuotato.")
    await page.locator("#saved button").click()
    assert await rows(page) == [["020002", "4"]]
    await expect(page.locator("#product")).to_have_value("lucido")
    await kept(page)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#notice")).to_contain_text("Nel campo Articolo")
    await page.locator("#product").fill("")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_have_text("Bozza salvata, 2 bozze.")
    await kept(page)
    assert await unsent(at_work) == []


async def test_an_emptied_form_is_found_after_a_reload(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await emptied(at_work, page)
    await kept(page)
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    (found,) = await unsent(at_work)
    assert "Ambulatorio Neri" in found


async def test_undo_brings_an_emptied_form_back(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await emptied(at_work, page)
    await choose(page)  # and that is undone first
    await page.locator("#paste-open").focus()
    await page.keyboard.press("Control+z")
    await expect(page.locator("#customer-chosen")).to_have_count(0)
    await page.locator("#paste-open").focus()
    await page.keyboard.press("Control+z")
    await expect(page.locator("#customer-chosen")).to_contain_text("Ambulatorio Neri")
    assert await rows(page) == [["020002", "4"]]
    await expect(page.locator("#product")).to_have_value("lucido")


async def test_redo_leaves_the_offer_to_take_an_emptied_form_back(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await emptied(at_work, page)
    await page.locator("#paste-open").focus()
    await page.keyboard.press("Control+y")
    await page.locator("#saved button").click()
    assert await rows(page) == [["020002", "4"]]


async def test_an_emptied_form_is_forgotten_when_the_next_order_is_entered(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await emptied(at_work, page)
    await choose(page)
    await add(page, "lucido.b", "1")
    await expect(page.locator("#saved button")).to_have_count(0)
    await kept(page)
    assert await unsent(at_work) == []


# ---------------------------------------------------------------------------------- a late answer


async def next_begun(page: Page, between: Between, answer: Callable[[Route], Awaitable[object]]) -> asyncio.Event:
    """The order is being saved, and the agent types into the customer box of the next one; returns what lets the answer
    come."""
    go_on = asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method != "PUT":
            await route.continue_()
            return
        await go_on.wait()
        await answer(route)

    between.instead = late
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#customer")).to_be_focused()
    await page.keyboard.insert_text("ner")
    return go_on


async def go_on_typing(page: Page) -> None:
    """The rest of the customer's name, which goes where the beginning of it went."""
    await expect(page.locator("#customer")).to_be_focused()
    await page.keyboard.type("i")
    await page.keyboard.press("Enter")
    await expect(page.locator("#customer-chosen")).to_contain_text("Ambulatorio Neri")


async def test_a_late_refusal_takes_the_page_from_nothing_that_is_typed(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/*", patient=True)
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await add(page, "lucido.b", "4")
    refusal = {"success": False, "message": "No.", "error": "Il campo note non va bene.", "code": "body-invalid"}
    go_on = await next_begun(page, between, lambda route: route.fulfill(status=422, json=refusal))
    go_on.set()
    said = page.locator("#note-late")
    await expect(said).to_contain_text(
        "La bozza di Studio Bianchi Srl non è stata accettata: Il campo note non va bene."
    )
    await go_on_typing(page)
    await page.locator("#product").fill("luc")
    await said.get_by_role("button", name="Riprendi").click()
    await expect(page.locator("#customer-chosen")).to_contain_text("Studio Bianchi Srl")
    assert await rows(page) == [["020002", "4"]]
    await expect(said).to_be_hidden()
    await kept(page)
    (found,) = await unsent(at_work)
    assert "Ambulatorio Neri" in found
    assert "luc" in found
    await page.goto(at_work.office.url + "/drafts")
    await page.locator("#unsent-list li", has_text="Neri").get_by_role("link").click()
    await expect(page.locator("#product")).to_have_value("luc")
    at_work.problems.clear()  # the browser reports the 422


async def test_a_late_conflict_takes_the_page_from_nothing_that_is_typed(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    between = await at_work.between("**/api/drafts/*", patient=True)
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.locator("#note").fill("qui")
    await changed_elsewhere(at_work, id_)
    go_on = await next_begun(page, between, lambda route: route.continue_())
    go_on.set()
    said = page.locator("#note-late")
    await expect(said).to_contain_text("La bozza di Studio Bianchi Srl è stata cambiata in un’altra scheda")
    await go_on_typing(page)
    await said.get_by_role("button", name="Confronta").click()
    await expect(page.locator("#conflict")).to_contain_text("qui")
    await page.locator("#conflict-open").click()
    await expect(page.locator("#lines tr")).to_have_count(2)
    await kept(page)
    found = await unsent(at_work)
    assert len(found) == 2
    assert {"Neri" in one for one in found} == {"qui" in one for one in found} == {True, False}


async def test_keys_meant_for_the_next_order_decide_nothing_about_the_last(at_work: Rig) -> None:
    page, _ = await changed_here_and_elsewhere(at_work)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#conflict-title")).to_be_focused()
    await page.keyboard.type("neri ")
    await page.keyboard.press("Enter")
    await expect(page.locator("#conflict")).to_be_visible()
    (draft,) = await at_work.office.drafts.list(ACCOUNT)
    assert draft.document["note"] == ""


async def test_a_text_in_the_articles_box_stays_when_the_draft_is_read_anew(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.locator("#product").fill("luc")
    await kept(page)
    await changed_elsewhere(at_work, id_)
    await page.reload()
    await expect(page.locator("#lines tr")).to_have_count(2)
    await expect(page.locator("#product")).to_have_value("luc")
    await kept(page)
    assert await unsent(at_work) == []


# ---------------------------------------------------------------------------------- the panel does not answer at once


@pytest.mark.parametrize("how", ["no answer", "closing"])
async def test_a_draft_that_could_not_be_opened_holds_up_nothing_and_is_opened_later(at_work: Rig, how: str) -> None:
    id_ = await stored(at_work, line("020002", 3))
    drafts = await at_work.between("**/api/drafts/*")
    page = await at_work.form(ACCOUNT)
    await choose(page)
    closing = {"success": False, "message": "", "error": "Il pannello si sta chiudendo.", "code": "closing"}

    async def refuse(route: Route) -> None:
        if "browser-key" in route.request.url:
            await route.continue_()
        elif how == "closing":
            await route.fulfill(status=503, json=closing)
        else:
            await route.abort()

    drafts.instead = refuse
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#unsent")).to_be_visible()
    await page.goto(f"{at_work.office.url}/order-form#draft={id_}")
    await page.reload()
    said = page.locator("#note-top")
    await expect(said).to_contain_text("chiudendo" if how == "closing" else "Il pannello non risponde.")
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    drafts.instead = None
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(page.locator("#unsent")).to_be_hidden()
    assert len(await at_work.office.drafts.list(ACCOUNT)) == 2, "the outbox is sent"
    await said.get_by_role("button", name="Riprova").click()
    await expect(page.locator("#lines tr")).to_have_count(1)
    await expect(said).to_be_hidden()
    assert "#" not in page.url
    at_work.problems.clear()  # the browser reports what was not answered


async def test_the_drafts_page_of_a_panel_that_is_not_ready_goes_on_by_itself(at_work: Rig) -> None:
    await stored(at_work, line("020002", 3))
    keys = await at_work.between("**/api/drafts/browser-key")
    page = await at_work.form(ACCOUNT)
    closing = {"success": False, "message": "", "error": "Il pannello si sta chiudendo.", "code": "closing"}
    keys.instead = lambda route: route.fulfill(status=503, json=closing)
    await page.goto(f"{at_work.office.url}/drafts")
    await expect(page.locator("#notice")).to_contain_text("si sta chiudendo")
    keys.instead = None
    await expect(page.locator(".draft")).to_have_count(1)
    await expect(page.locator("#notice")).to_be_hidden()
    at_work.problems.clear()  # the browser reports the 503


async def test_a_draft_that_is_refused_when_it_is_sent_later_says_why(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/*")
    page = await at_work.form(ACCOUNT)
    between.instead = Route.abort
    await choose(page)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#unsent")).to_have_text("1 bozza attende di essere salvata nel pannello.")
    refusal = {"success": False, "message": "No.", "error": "Il campo note non va bene.", "code": "body-invalid"}

    async def refuse(route: Route) -> None:
        put = route.request.method == "PUT"
        await (route.fulfill(status=422, json=refusal) if put else route.continue_())

    between.instead = refuse
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    why = "La bozza di Studio Bianchi Srl non è stata accettata: Il campo note non va bene."
    await expect(page.locator("#unsent")).to_contain_text(why)
    await page.locator("#unsent a").click()
    await expect(page.locator("#unsent-list li")).to_contain_text(why)
    at_work.problems.clear()  # the browser reports the 422


async def test_an_enter_that_waits_pulls_the_focus_from_no_other_field(at_work: Rig) -> None:
    between = await at_work.between("**/api/products?**", patient=True)
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await add(page, "lucido.a", "100")
    go_on = held(between)
    await page.locator("#product").focus()
    await page.keyboard.type("lucido.b")
    await page.keyboard.press("Enter")
    quantity = page.locator("#lines .quantity")
    await quantity.focus()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("2")
    async with page.expect_response("**/api/products?**"):
        go_on.set()
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    await page.keyboard.type("00")
    await expect(quantity).to_be_focused()
    assert await rows(page) == [["020001", "200"]]
    await expect(page.locator("#product")).to_have_value("lucido.b")


# ---------------------------------------------------------------------------------- another account


async def test_a_form_goes_on_for_its_account_when_another_one_becomes_the_first(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    at_work.orchestrator.set_accounts([Account("agente2"), Account(ACCOUNT, catalogue=True)])
    await add(page, "lucido.b", "4")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_have_text("Bozza salvata, 1 bozza.")
    assert [len(await at_work.office.drafts.list(account)) for account in (ACCOUNT, "agente2")] == [1, 0]


async def opened_for_another(at_work: Rig, page: Page) -> None:
    """The panel opens the form in the same tab, for another account."""
    await page.goto("about:blank")
    await page.goto(at_work.office.endpoint.order_form_url("agente2"))


async def let_in_for_another(at_work: Rig, page: Page) -> None:
    """The tab's token is revoked while it is open, and the operator lets the tab in for another account."""
    pairing = at_work.office.endpoint.pairing
    for id_ in pairing.store.ids():
        pairing.revoke(id_)
    await page.locator("#customer").fill("neri")
    await until(pairing.pending)
    pairing.approve(pairing.pending()[0].id, account="agente2")


SENT_BEFORE_THE_RELOAD = """async () => {
  const { sendOutbox } = await import("/order-form/keep.js");
  const account = () => JSON.parse(sessionStorage.getItem("archisync-token"))?.account;
  const wait = async () => { while (account() !== "agente2") await new Promise((done) => setTimeout(done, 10)); };
  void wait().then(sendOutbox).then((left) => fetch(`/order-form/icon.svg?left=${left.length}`));
}"""


async def test_a_tab_that_gets_another_account_sends_it_nothing_before_its_reload(at_work: Rig) -> None:
    drafts, pages = await at_work.between("**/api/drafts/*"), await at_work.between("**/order-form")
    page = await at_work.form(ACCOUNT)
    drafts.instead = Route.abort
    await choose(page)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#unsent")).to_be_visible()
    drafts.instead = None
    go_on = held(pages)  # the reload takes its time
    await page.evaluate(SENT_BEFORE_THE_RELOAD)
    async with page.expect_request("**/icon.svg?left=*") as asked:
        await let_in_for_another(at_work, page)
    assert (await asked.value).url.endswith("=1")
    assert await at_work.office.drafts.list("agente2") == ()
    go_on.set()
    await expect(page.locator("#note-top")).to_contain_text("Questo modulo lavora per agente2")
    at_work.problems.clear()  # the browser reports the calls that failed


@pytest.mark.parametrize("how", [opened_for_another, let_in_for_another])
async def test_what_a_tab_wrote_for_one_account_stays_when_it_works_for_another(
    at_work: Rig, how: Callable[[Rig, Page], Awaitable[None]]
) -> None:
    page = await at_work.form(ACCOUNT)
    await page.locator("#note").fill("di agente1")
    await kept(page)
    await how(at_work, page)
    await expect(page.locator("#note-top")).to_contain_text("Questo modulo lavora per agente2")
    await expect(page.locator("#note")).to_have_value("")
    await page.locator("#note").fill("di agente2")
    await page.locator("#clear").click()  # laid aside
    await kept(page)
    other = await at_work.tab(at_work.office.endpoint.order_form_url(ACCOUNT).replace("/order-form", "/drafts"))
    await expect(other.locator("#others")).to_contain_text("Questo modulo lavora per agente1")
    await expect(other.locator("#unsent-list")).not_to_contain_text("di agente2")
    await other.close()
    (found,) = await unsent(at_work)
    assert "di agente1" in found
    at_work.problems.clear()  # the browser reports a revoked token's 401
