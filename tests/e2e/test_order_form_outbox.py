"""Two tabs that save one draft while the panel is away: each save reaches the panel, or is offered to the agent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.endpoint.form_rig import Between, Rig
from tests.endpoint.form_steps import (
    ACCOUNT,
    add,
    changed_elsewhere,
    choose,
    edit,
    held,
    kept,
    line,
    only,
    stored,
    unsent,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def at_work(at_work: Rig) -> Iterator[Rig]:
    """Browsers report what is not answered and what is refused."""
    yield at_work
    assert [one for one in at_work.problems if "Failed to load resource" not in one] == []


async def online(page: Page) -> None:
    """The browser tells the page that the network is there: what waits is sent."""
    await page.evaluate("window.dispatchEvent(new Event('online'))")


async def saved_away(page: Page, note: str) -> None:
    await page.locator("#note").fill(note)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("conservata in questo browser")
    await expect(page.locator("#unsent")).to_be_visible()  # it is counted after the message: else it is hidden still
    await kept(page)


async def two_saves(at_work: Rig) -> tuple[Between, Page, Page]:
    """One draft, changed and saved in two tabs while the panel is away: first "prima", then "seconda"."""
    id_ = await stored(at_work, line("020002", 3))
    between = await at_work.between("**/api/drafts/*")
    first, second = await at_work.form(ACCOUNT), await at_work.form(ACCOUNT)
    for page in (first, second):
        await edit(page, id_, 1)
    between.instead = Route.abort
    await saved_away(first, "prima")
    await saved_away(second, "seconda")
    return between, first, second


async def notes(at_work: Rig) -> list[str]:
    return sorted(str(draft.document["note"]) for draft in await at_work.office.drafts.list(ACCOUNT))


async def reloaded(first: Page, second: Page) -> Page:
    await first.reload()
    await second.reload()
    return second


async def first_closed(first: Page, second: Page) -> Page:
    await first.close()
    return second


async def second_closed(first: Page, second: Page) -> Page:
    await second.close()
    return first


async def both_stay(first: Page, second: Page) -> Page:
    return second


@pytest.mark.parametrize("then", [both_stay, reloaded, first_closed, second_closed])
async def test_the_first_save_is_stored_and_the_second_is_offered(
    at_work: Rig, then: Callable[[Page, Page], Awaitable[Page]]
) -> None:
    between, first, second = await two_saves(at_work)
    page = await then(first, second)
    again = page.get_by_role("button", name="Riprova")
    if then is reloaded:
        await expect(again).to_be_visible()
    between.instead = None
    if then is reloaded:
        await again.click()
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    await online(page)
    said = page.locator("#unsent")
    await expect(said).to_contain_text("1 bozza attende")
    await expect(said).to_contain_text("La bozza di Studio Bianchi Srl è stata salvata anche altrove")
    assert await notes(at_work) == ["prima"]
    await said.get_by_role("link").click()
    row = page.locator("#unsent-list li")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("seconda")
    await row.get_by_role("link").click()
    dialog = page.locator("#conflict")
    await expect(dialog.locator("mark", has_text="prima")).to_be_visible()
    await expect(dialog.locator("mark", has_text="seconda")).to_be_visible()
    await page.locator("#conflict-copy").click()
    await expect(page.locator("#note")).to_have_value("seconda")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_have_text("Bozza salvata, 2 bozze.")
    await kept(page)
    assert await notes(at_work) == ["prima", "seconda"]
    assert await unsent(at_work) == []


async def test_the_second_save_is_compared_from_the_form_while_the_next_order_is_written(at_work: Rig) -> None:
    between, _, second = await two_saves(at_work)
    await second.locator("#note").fill("di un altro ordine")
    between.instead = None
    await online(second)
    await second.locator("#unsent").get_by_role("button", name="Riprendi").click()
    dialog = second.locator("#conflict")
    await expect(dialog.locator("mark", has_text="prima")).to_be_visible()
    await expect(dialog.locator("mark", has_text="seconda")).to_be_visible()
    await second.locator("#conflict-copy").click()
    await second.keyboard.press("Control+Enter")
    await expect(second.locator("#saved")).to_have_text("Bozza salvata, 2 bozze.")
    await kept(second)
    assert await notes(at_work) == ["prima", "seconda"]
    (found,) = await unsent(at_work)
    assert "di un altro ordine" in found


REFUSE = """() => {
  const refuse = () => { throw new DOMException("full", "QuotaExceededError"); };
  Storage.prototype.setItem = refuse;
  IDBObjectStore.prototype.put = refuse;
}"""


async def test_the_second_save_is_compared_though_the_browser_keeps_nothing(at_work: Rig) -> None:
    """The browser's storage is full: the second save is in its page only, which has to offer it."""
    id_ = await stored(at_work, line("020002", 3))
    between = await at_work.between("**/api/drafts/*")
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.evaluate(REFUSE)
    between.instead = Route.abort
    await page.locator("#note").fill("seconda")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("La bozza è solo in questa pagina")
    await changed_elsewhere(at_work, id_)
    between.instead = None
    await online(page)
    await page.locator("#unsent").get_by_role("button", name="Riprendi").click()
    await expect(page.locator("#conflict").locator("mark", has_text="seconda")).to_be_visible()
    await page.locator("#conflict-copy").click()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("2 bozze")
    await expect(page.locator("#unsent")).to_be_hidden()
    assert await notes(at_work) == ["", "seconda"]


async def test_the_agent_is_told_at_once_that_another_tab_has_saved_the_draft_too(at_work: Rig) -> None:
    _, first, second = await two_saves(at_work)
    await expect(second.locator("#saved")).to_contain_text("Anche un’altra scheda ha salvato questa bozza")
    await expect(first.locator("#saved")).not_to_contain_text("Anche un’altra scheda")
    await expect(second.locator("#unsent")).to_contain_text("2 bozze attendono")


async def test_a_new_order_that_was_duplicated_is_saved_in_both_tabs(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/*")
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await add(page, "lucido.b", "4")
    await kept(page)
    async with page.expect_popup() as opening:
        await page.evaluate("window.open('/order-form'), null")
    copy = await opening.value
    await expect(copy.locator("html")).to_have_attribute("data-ready", "")
    between.instead = Route.abort
    await saved_away(page, "prima")
    await saved_away(copy, "seconda")
    await page.close()
    between.instead = None
    await online(copy)
    await expect(copy.locator("#unsent")).to_contain_text("salvata anche altrove")
    assert await notes(at_work) == ["prima"]
    (found,) = await unsent(at_work)
    assert "seconda" in found


async def test_the_later_save_can_replace_the_first_one_when_the_agent_says_so(at_work: Rig) -> None:
    between, _, second = await two_saves(at_work)
    between.instead = None
    await second.goto(at_work.office.url + "/drafts")
    await only(second.locator("#unsent-list li"), "da confrontare con l’altra")
    await only(second.locator(".draft"), "prima")
    await second.locator("#unsent-list a").click()
    await second.locator("#conflict-mine").click()
    await expect(second.locator("#note")).to_have_value("seconda")
    await second.keyboard.press("Control+Enter")
    await expect(second.locator("#saved")).to_have_text("Bozza salvata, 1 bozza.")
    await kept(second)
    assert await notes(at_work) == ["seconda"]
    assert await unsent(at_work) == []


async def test_each_of_two_unsent_saves_is_opened_by_its_own_link(at_work: Rig) -> None:
    """The drafts page was loaded while the panel took no draft; it takes them when a link is clicked."""
    between, first, second = await two_saves(at_work)
    await first.close()

    async def takes_none(route: Route) -> None:
        await (route.abort() if route.request.method == "PUT" else route.continue_())

    between.instead = takes_none
    await second.goto(at_work.office.url + "/drafts")
    row = second.locator("#unsent-list li", has_text="prima")
    await expect(row).to_be_visible()
    between.instead = None
    await row.get_by_role("link").click()
    await expect(second.locator("#note")).to_have_value("prima")
    await expect(second.locator("#saved")).to_contain_text("Modifica della bozza salvata")
    assert await notes(at_work) == ["prima"]
    (found,) = await unsent(at_work)
    assert "seconda" in found


async def test_an_entry_that_another_tab_has_sent_is_not_taken_back(at_work: Rig) -> None:
    """The link of an unsent draft is clicked while another tab sends that draft."""
    between = await at_work.between("**/api/drafts/*")
    page = await at_work.form(ACCOUNT)
    await choose(page)
    between.instead = Route.abort
    await saved_away(page, "prima")
    (id_, name) = await page.evaluate("""import("/order-form/keep.js").then((keep) => keep.unsavedEntries())
      .then(([one]) => [one.id, one.key])""")
    between.instead = None
    other = await at_work.form(ACCOUNT)
    await other.evaluate(
        """async ([id, name]) => {
      // This tab has read that the draft waits, and is slow; the other one sends it in that moment.
      const storage = await import("/order-form/storage.js"), real = navigator.locks.request.bind(navigator.locks);
      const entry = await storage.get(name), { send } = await import("/order-form/keep.js");
      navigator.locks.request = async (...how) => { await send(entry); return real(...how); };
      location.hash = `draft=${id}&kept=${encodeURIComponent(name)}`;
    }""",
        [id_, name],
    )
    await expect(other.locator("#note")).to_have_value("prima")
    await expect(other.locator("#saved")).to_contain_text("Modifica della bozza salvata")
    await other.locator("#note").fill("poi")
    await other.keyboard.press("Control+Enter")
    await expect(other.locator("#saved")).to_have_text("Bozza salvata, 1 bozza.")
    assert await notes(at_work) == ["poi"]


async def test_an_order_that_another_tab_has_taken_up_is_not_called_missing(at_work: Rig) -> None:
    """Two windows show the list of what is unsent; the link of the same order is clicked in both."""
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await page.locator("#clear").click()
    await kept(page)
    lists = [
        await at_work.tab(at_work.office.endpoint.order_form_url(ACCOUNT).replace("/order-form", "/drafts"))
        for _ in range(2)
    ]
    for one in lists:
        await expect(one.locator("#unsent-list a")).to_be_visible()
    first, second = lists
    await first.locator("#unsent-list a").click()
    await expect(first.locator("#customer-chosen")).to_contain_text("Studio Bianchi Srl")
    await first.evaluate("""async () => {
      const { unsavedEntries } = await import("/order-form/keep.js");
      while ((await unsavedEntries()).length) await new Promise((later) => setTimeout(later, 10));
    }""")
    await second.evaluate("document.querySelector('#unsent-list a').click()")
    await expect(second.locator("#note-top")).to_contain_text("in scrittura in un’altra scheda")


async def test_a_copy_that_its_own_tab_edits_again_is_not_deleted_by_another(at_work: Rig) -> None:
    """While one tab opens the unfinished order of another, the agent goes back to it there."""
    id_ = await stored(at_work, line("020002", 3))
    between = await at_work.between("**/api/drafts/d*", patient=True)
    page, other = await at_work.form(ACCOUNT), await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.locator("#note").fill("prima")
    await kept(page)
    await page.goto(at_work.office.url + "/docs")
    await other.bring_to_front()
    go_on = held(between)
    async with other.expect_request("**/api/drafts/d*"):
        await other.evaluate("(id) => { location.hash = `draft=${id}` }", id_)
    await page.bring_to_front()
    await page.goto(at_work.office.url + "/order-form")
    await expect(page.locator("#note")).to_have_value("prima")
    await page.locator("#note").fill("poi")
    await kept(page)
    go_on.set()
    await expect(other.locator("#lines tr")).to_have_count(1)
    await expect(other.locator("#note")).to_have_value("")
    await kept(other)
    await page.close(run_before_unload=False)
    (found,) = await unsent(at_work)
    assert "poi" in found


async def test_a_copy_that_its_own_tab_edits_again_stays_when_another_tab_takes_its_earlier_state(at_work: Rig) -> None:
    """It was edited again while the other tab asked which of two versions counts."""
    id_ = await stored(at_work, line("020002", 3))
    page, other = await at_work.form(ACCOUNT), await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.locator("#note").fill("prima")
    await kept(page)
    await changed_elsewhere(at_work, id_)
    await page.goto(at_work.office.url + "/docs")
    await other.bring_to_front()
    await other.evaluate("(id) => { location.hash = `draft=${id}` }", id_)
    await expect(other.locator("#conflict")).to_contain_text("prima")
    await page.bring_to_front()
    await page.goto(at_work.office.url + "/order-form")
    await page.locator("#conflict-mine").click()
    await expect(page.locator("#note")).to_have_value("prima")
    await page.locator("#note").fill("poi")
    await kept(page)
    await other.bring_to_front()
    await other.locator("#conflict-mine").click()
    await expect(other.locator("#note")).to_have_value("prima")
    await kept(other)
    await page.close(run_before_unload=False)
    (found,) = await unsent(at_work)
    assert "poi" in found


async def two_tabs_one_without_access(at_work: Rig) -> tuple[Between, Callable[[Route], Awaitable[None]], Page, Page]:
    """Two forms, and a handler that refuses the drafts of the second one: its token was revoked, and the operator
    does not confirm it again."""
    between = await at_work.between("**/api/drafts/*")
    page, shut = await at_work.form(ACCOUNT), await at_work.form(ACCOUNT)
    token = "JSON.parse(sessionStorage.getItem('archisync-token')).token"
    mine = await shut.evaluate(token)
    assert mine != await page.evaluate(token)

    async def revoked(route: Route) -> None:
        if route.request.method == "PUT" and route.request.headers.get("authorization") == f"Bearer {mine}":
            answer = {"success": False, "message": "", "error": "La chiave non vale più.", "code": "token-unknown"}
            await route.fulfill(status=401, json=answer)
        else:
            await route.continue_()

    return between, revoked, page, shut


async def urgent_saved_away(between: Between, page: Page) -> None:
    await page.bring_to_front()
    between.instead = Route.abort
    await choose(page)
    await saved_away(page, "urgente")


async def test_a_tab_that_loses_its_access_while_it_sends_holds_up_no_other_tabs_drafts(at_work: Rig) -> None:
    between, revoked, page, shut = await two_tabs_one_without_access(at_work)
    await urgent_saved_away(between, page)
    between.instead = revoked
    await online(shut)
    await expect(shut.locator("#access")).to_be_visible()
    await online(page)
    await expect(page.locator("#unsent")).to_be_hidden()
    assert await notes(at_work) == ["urgente"]


async def test_a_save_that_waits_for_access_holds_up_no_other_tabs_drafts(at_work: Rig) -> None:
    between, revoked, page, shut = await two_tabs_one_without_access(at_work)
    between.instead = revoked
    await shut.bring_to_front()
    await choose(shut, "50121")
    await shut.keyboard.press("Control+Enter")
    await expect(shut.locator("#access")).to_be_visible()
    # Its timer had just begun to send what waits.
    await shut.evaluate("void import('/order-form/keep.js').then((keep) => keep.sendOutbox())")
    await urgent_saved_away(between, page)
    between.instead = revoked
    await online(page)
    await expect(page.locator("#unsent")).to_be_hidden()
    assert "urgente" in await notes(at_work)


async def test_a_draft_that_makes_the_panel_fail_holds_up_no_other(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/*")
    page = await at_work.form(ACCOUNT)
    between.instead = Route.abort
    for note in ("prima", "guasta", "poi"):
        await choose(page)
        await saved_away(page, note)

    async def failing(route: Route) -> None:
        if "guasta" in (route.request.post_data or ""):
            await route.fulfill(
                status=500, json={"success": False, "message": "", "error": "Guasto.", "code": "internal"}
            )
        else:
            await route.continue_()

    between.instead = failing
    await online(page)
    await expect(page.locator("#unsent")).to_contain_text("1 bozza attende")
    assert await notes(at_work) == ["poi", "prima"]


async def test_the_list_of_drafts_sends_again_what_the_panel_did_not_take(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/*")
    page = await at_work.form(ACCOUNT)
    between.instead = Route.abort
    await choose(page)
    await saved_away(page, "aspetta")

    async def busy(route: Route) -> None:
        if route.request.method != "PUT":
            await route.continue_()
            return
        answer = {"success": False, "message": "", "error": "Il disco è pieno.", "code": "store-full"}
        await route.fulfill(status=503, json=answer)

    between.instead = busy
    await page.goto(at_work.office.url + "/drafts")
    await expect(page.locator("#unsent-list li")).to_contain_text("aspetta")
    await expect(page.locator("#count")).not_to_be_empty()  # all but the save was answered
    between.instead = None
    await expect(page.locator("#unsent-list li")).to_have_count(0)
    await expect(page.locator(".draft")).to_contain_text("aspetta")


async def test_each_of_several_orders_that_were_refused_late_is_told(at_work: Rig) -> None:
    """Two saves are answered while the agent writes the third order; each of the two refusals is said."""
    between = await at_work.between("**/api/drafts/*", patient=True)
    page = await at_work.form(ACCOUNT)
    go_on = asyncio.Event()

    async def refuse(route: Route) -> None:
        await go_on.wait()
        answer = {"success": False, "message": "", "error": "Il campo note non va bene.", "code": "body-invalid"}
        await route.fulfill(status=422, json=answer)

    between.instead = refuse
    for customer in ("50120", "50121"):
        await choose(page, customer)
        await page.keyboard.press("Control+Enter")
    await choose(page, "50125")
    go_on.set()
    said = page.locator("#note-late > p")
    await expect(said).to_have_count(2)
    for name in ("Studio Bianchi Srl", "Ambulatorio Neri"):
        await said.filter(has_text=name).get_by_role("button", name="Riprendi").click()
        await expect(page.locator("#customer-chosen")).to_contain_text(name)
    await expect(said).to_have_count(0)


async def test_a_price_list_chosen_in_one_tab_changes_no_other_tabs_next_order(at_work: Rig) -> None:
    first, second = await at_work.form(ACCOUNT), await at_work.form(ACCOUNT)
    for page in (first, second):
        await page.bring_to_front()
        await choose(page)
        await add(page, "012345k2", "5")
        await expect(page.locator("#group")).to_have_value("002")
    await second.locator("#group").select_option("003")
    await first.keyboard.press("Control+Enter")
    await expect(first.locator("#saved")).to_contain_text("Bozza salvata")
    await choose(first)
    await add(first, "012345k2", "5")
    await expect(first.locator("#group")).to_have_value("002")
    await first.reload()
    await expect(first.locator("#group")).to_have_value("002")
    third = await at_work.form(ACCOUNT)
    await choose(third)
    await add(third, "012345k2", "5")
    await expect(third.locator("#group")).to_have_value("003")  # a new tab begins with the last choice


async def test_a_draft_without_price_list_does_not_change_the_list_of_the_next_order(at_work: Rig) -> None:
    """It was saved before any price was known."""
    id_ = await stored(at_work, line("012345K2", 5), priceGroup=None)
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await add(page, "012345k2", "5")
    await page.locator("#group").select_option("003")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    await edit(page, id_, 1)
    await expect(page.locator("#group")).to_have_value("003")
    await page.locator("#clear").click()
    await choose(page)
    await add(page, "012345k2", "5")
    await expect(page.locator("#group")).to_have_value("003")
    await expect(page.locator("#lines tr td").nth(2)).to_have_text("8,00 €")
