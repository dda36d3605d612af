"""What happens rarely at the order form: tabs, browsers and panels that come and go, odd input, late changes."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from playwright.async_api import Page, Route, expect

from archisync_gui.endpoint.port import PORTS_TRIED
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
    read_again,
    rows,
    scan_here,
    stored,
    unsent,
)
from tests.endpoint.stand_in import prices
from tests.support.waiting import until

VERDI = {"id": "50300", "account_num": "C50300", "name": "Studio Verdi", "vat_number": "IT00050300111"}

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("no_complaints")]


# ---------------------------------------------------------------------------------- what is no unfinished order


async def test_a_form_in_which_nothing_was_typed_leaves_no_unfinished_order(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    opened = await at_work.form(ACCOUNT)
    await edit(opened, id_, 1)
    await kept(opened)
    await opened.reload()
    await expect(opened.locator("#lines .quantity")).to_have_value("3")
    empty = await at_work.form(ACCOUNT)
    await empty.locator("#date").fill("2026-03-02")
    await kept(empty)
    for page in (opened, empty):
        await page.close()
    assert await unsent(at_work) == []


async def test_a_stored_draft_that_was_changed_is_listed_as_unfinished(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.locator("#note").fill("telefonare prima")
    await kept(page)
    await page.reload()
    await expect(page.locator("#note")).to_have_value("telefonare prima")
    await kept(page)
    await page.close()
    (found,) = await unsent(at_work)
    assert "telefonare prima" in found


# ---------------------------------------------------------------------------------- a scanner, wherever the focus is


async def test_a_scan_while_a_dialog_is_open_presses_no_button(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await page.locator("#product").fill("lucido.b")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.locator("#done").click()
    await expect(page.locator("#leaving-add")).to_be_focused()
    assert await scan_here(page, "020001000")
    await expect(page.locator("#leaving")).to_contain_text("020001000 non è stato aggiunto")
    await page.get_by_role("button", name="Resta").click()
    await expect(page.locator("#quantity")).to_be_focused()
    assert await rows(page) == []


@pytest.mark.parametrize("place", ["#note", "#save", "#change-customer"])
async def test_a_scan_outside_the_article_box_adds_the_article(at_work: Rig, place: str) -> None:
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await page.locator("#note").fill("consegnare a ")
    await page.locator(place).focus()
    assert await scan_here(page, "020002")
    await expect(page.locator("#lines tr")).to_have_count(1)
    assert await rows(page) == [["020002", "1"]]
    await expect(page.locator("#note")).to_have_value("consegnare a ")
    await expect(page.locator("#customer-chosen")).to_be_visible()


PACE = """() => {
  const times = new WeakMap();
  let at = 0;
  Object.defineProperty(KeyboardEvent.prototype, "timeStamp", { configurable: true, get() {
    if (!times.has(this)) times.set(this, at += 8);
    return times.get(this);
  } });
}"""
"""Keys bear the times of a scanner's, whatever the load."""


@pytest.mark.parametrize("code", ["020002", "1212202612122026"])  # half a date, and more than one
async def test_a_scan_in_the_date_adds_the_article_and_leaves_the_date(at_work: Rig, code: str) -> None:
    page = await at_work.form(ACCOUNT)
    await choose(page)
    for by_hand in (False, True):
        if by_hand:
            await page.locator("#date").fill("2026-03-02")
        before = await page.locator("#date").input_value()
        await page.locator("#date").focus()
        await page.evaluate(PACE)
        await page.keyboard.type(code)
        await page.keyboard.press("Enter")
        await expect(page.locator(".scan.wrong, #lines .quantity")).to_have_count(1)
        await expect(page.locator("#date")).to_have_value(before)
        touched = await page.evaluate("import('/order-form/store.js').then((store) => store.order().date)")
        assert touched == (before if by_hand else None), "an untouched date follows the day"


async def test_a_scan_in_the_customer_box_is_a_customer_or_an_article(at_work: Rig) -> None:
    await read_again(at_work, "customers", [VERDI])
    page = await at_work.form(ACCOUNT)
    await expect(page.locator("#customer")).to_be_focused()
    assert await scan_here(page, "020002")
    await expect(page.locator("#lines tr")).to_have_count(1)
    await expect(page.locator("#customer")).to_have_value("")
    await page.locator("#customer").focus()
    assert await scan_here(page, "00050300111")
    await expect(page.locator("#customer-chosen")).to_contain_text("Studio Verdi")
    assert await rows(page) == [["020002", "1"]]


async def test_an_order_is_not_saved_without_a_code_that_was_scanned(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await add(page, "lucido.b", "1")
    await scan_here(page, "99999999")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#notice")).to_contain_text("99999999")
    assert await at_work.office.drafts.list(ACCOUNT) == ()
    await expect(page.locator("#scan-99999999")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")


async def scanning_a_customer(at_work: Rig) -> tuple[Page, asyncio.Event]:
    """A form into whose customer box a code was scanned, which is looked up when the event is set."""
    await read_again(at_work, "customers", [VERDI])
    between = await at_work.between("**/api/customers?**", patient=True)
    page = await at_work.form(ACCOUNT)
    await expect(page.locator("#customer")).to_be_focused()
    go_on = held(between)
    await scan_here(page, "00050300111")
    return page, go_on


async def test_a_save_waits_for_the_scanned_customer_and_article(at_work: Rig) -> None:
    page, go_on = await scanning_a_customer(at_work)
    await scan_here(page, "020002")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("poi salvo")
    go_on.set()
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    (draft,) = await at_work.office.drafts.list(ACCOUNT)
    assert draft.document["customer"]["name"] == "Studio Verdi"
    assert [line["itemId"] for line in draft.document["lines"]] == ["020002"]


async def test_an_article_that_the_save_adds_does_not_hide_a_code_that_was_not_found(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await scan_here(page, "99999999")
    await expect(page.locator("#scan-99999999")).to_be_visible()
    await page.locator("#product").focus()
    await page.keyboard.type("lucido.b")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await expect(page.locator("#price")).to_have_text("19,99 €")  # so that the save does not wait for it
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#notice")).to_contain_text("99999999")
    assert await rows(page) == [["020002", "1"]]
    assert await at_work.office.drafts.list(ACCOUNT) == ()


async def scanned_in_vain(at_work: Rig, code: str) -> tuple[Page, Between]:
    """A form with a code that could not be looked up; the calls for articles still fail."""
    between = await at_work.between("**/api/products?**", patient=True)
    page = await at_work.form(ACCOUNT)
    await choose(page)
    between.instead = Route.abort
    await scan_here(page, code)
    await expect(page.locator(".scan.wrong")).to_contain_text(code)
    return page, between


async def test_every_scan_that_could_not_be_looked_up_counts_when_it_is_tried_again(at_work: Rig) -> None:
    page, between = await scanned_in_vain(at_work, "020002")
    for _ in range(2):
        await scan_here(page, "020002")
    await expect(page.locator(".scan.wrong")).to_contain_text("(× 3)")
    await expect(page.locator(".scan")).to_have_count(1)
    between.instead = None
    await page.locator(".scan button").first.click()
    await expect(page.locator(".scan")).to_have_count(0)
    assert await rows(page) == [["020002", "3"]]
    at_work.problems.clear()  # the browser reports the calls that failed


@pytest.mark.parametrize("leave", ["reload", "done"])
async def test_a_scan_that_was_not_looked_up_yet_is_not_lost_when_the_page_is_left(at_work: Rig, leave: str) -> None:
    page, between = await scanned_in_vain(at_work, "020002")
    go_on = held(between)
    await scan_here(page, "020001")
    await expect(page.locator(".scan")).to_have_count(2)
    if leave == "reload":
        await page.reload()
    else:
        await page.locator("#done").click()
        await page.locator("#new").click()
    go_on.set()
    await expect(page.locator("#lines tr")).to_have_count(2)
    await expect(page.locator(".scan")).to_have_count(0)
    assert sorted(await rows(page)) == [["020001", "1"], ["020002", "1"]]
    at_work.problems.clear()  # the browser reports the call that failed


async def test_a_customers_code_that_was_not_looked_up_yet_is_not_lost_when_the_page_is_left(at_work: Rig) -> None:
    page, go_on = await scanning_a_customer(at_work)
    await expect(page.locator(".scan")).to_contain_text("00050300111")
    await page.reload()
    go_on.set()
    await expect(page.locator("#customer-chosen")).to_contain_text("Studio Verdi")
    await expect(page.locator(".scan")).to_have_count(0)


async def test_a_scan_counts_once_when_its_draft_is_read_anew_meanwhile(at_work: Rig) -> None:
    between = await at_work.between("**/api/products?**", patient=True)
    id_ = await stored(at_work, line("020002", 3))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    go_on = held(between)
    await scan_here(page, "020001")
    await expect(page.locator(".scan")).to_have_count(1)
    await changed_elsewhere(at_work, id_)
    await page.evaluate("(id) => { location.hash = `draft=${id}` }", id_)
    await expect(page.locator("#lines tr")).to_have_count(2)
    go_on.set()
    await expect(page.locator(".scan")).to_have_count(0)
    assert await rows(page) == [["020002", "3"], ["020001", "8"]]


async def test_a_quantity_typed_after_a_scan_is_not_undone_with_the_scan(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await choose(page)
    for quantity in ("1", "2"):
        await scan_here(page, "020002")
        await expect(page.locator("#lines .quantity")).to_have_value(quantity)
    await expect(page.locator("#saved button")).to_be_visible()
    await page.locator("#lines .quantity").fill("10")
    await expect(page.locator("#saved button")).to_have_count(0)
    await page.locator("#lines .quantity").press("Control+z")
    await expect(page.locator("#lines .quantity")).to_have_value("2")


# ---------------------------------------------------------------------------------- dialogs and buttons of loss


async def test_escape_closes_no_dialog_that_asks_which_version_counts(at_work: Rig) -> None:
    page, _ = await changed_here_and_elsewhere(at_work)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#conflict")).to_be_visible()
    for _ in range(3):
        await page.keyboard.press("Escape")
    await expect(page.locator("#conflict")).to_be_visible()
    await page.locator("#conflict-mine").click()
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    at_work.problems.clear()  # the browser reports the 412


async def test_a_double_click_deletes_nothing(at_work: Rig) -> None:
    await stored(at_work, line("020002", 3))
    page = await at_work.form(ACCOUNT)
    await page.goto(at_work.office.url + "/drafts")
    await page.get_by_role("button", name="Elimina").dblclick()
    await expect(page.get_by_role("button", name="Elimina davvero")).to_be_visible()
    assert len(await at_work.office.drafts.list(ACCOUNT)) == 1
    await page.get_by_role("button", name="Elimina davvero").click()
    await expect(page.locator("#none")).to_be_visible()


# ---------------------------------------------------------------------------------- tabs that come back


async def test_a_tab_that_comes_back_takes_up_a_draft_as_it_is_stored_now(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await kept(page)
    await changed_elsewhere(at_work, id_)
    await page.reload()
    await expect(page.locator("#lines tr")).to_have_count(2)
    await expect(page.locator("#conflict")).to_have_count(0)


async def test_a_tab_that_comes_back_shows_both_versions_if_something_was_typed(at_work: Rig) -> None:
    id_ = await stored(at_work, line("020002", 3))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.locator("#note").fill("qui")
    await kept(page)
    await changed_elsewhere(at_work, id_)
    await page.reload()
    await expect(page.locator("#conflict")).to_contain_text("020001")
    await page.locator("#conflict-mine").click()
    await expect(page.locator("#note")).to_have_value("qui")
    assert await rows(page) == [["020002", "3"]]


SLOW_LOCKS = """(first, copy) => {
  if (!window.LockManager) return;  // in the frames of ports at which nobody answers
  const real = LockManager.prototype.request;
  LockManager.prototype.request = async function (name, options, callback) {
    await new Promise((resolve) => setTimeout(resolve, window.opener ? copy : first));
    return real.call(this, name, options, callback);
  };
}"""


@pytest.mark.parametrize(
    ("first", "copy"),
    [(600, 600), (2000, 0)],  # both longer than a tab waits for its former id; only the tab that was there before
)
async def test_a_busy_browser_gives_two_tabs_two_ids(at_work: Rig, first: int, copy: int) -> None:
    await at_work.context.add_init_script(f"({SLOW_LOCKS})({first}, {copy})")
    page = await at_work.form(ACCOUNT)
    await choose(page)
    async with page.expect_popup() as opening:
        await page.evaluate("window.open('/order-form'), null")
    opened = await opening.value
    await expect(opened.locator("#customer-chosen")).to_be_visible()
    ids = [await tab.evaluate("sessionStorage.getItem('archisync-tab')") for tab in (page, opened)]
    assert ids[0] != ids[1]
    await opened.reload()
    await expect(opened.locator("#customer-chosen")).to_be_visible()
    assert await opened.evaluate("sessionStorage.getItem('archisync-tab')") == ids[1], "a reload keeps its id"


# ---------------------------------------------------------------------------------- what lies in the browser


FORBID = """() => {
  const refuse = () => { throw new DOMException("forbidden", "SecurityError"); };
  if (location.port === "PORT") Object.defineProperty(window, "indexedDB", { get: refuse });
}"""


async def test_without_indexeddb_no_order_lies_readable_in_the_browser(at_work: Rig) -> None:
    await at_work.context.add_init_script(f"({FORBID.replace('PORT', str(at_work.office.endpoint.port))})()")
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await expect(page.locator("#note-top")).to_be_hidden()
    await page.locator("#note").fill("segreto")
    await kept(page)
    lies = await page.evaluate("JSON.stringify(localStorage)")
    assert "sealed" in lies
    assert "segreto" not in lies
    assert "Bianchi" not in lies
    await page.reload()
    await expect(page.locator("#note")).to_have_value("segreto")


LEFT_BY_A_CRASH = """async () => {
  const { access } = await import("/order-form/network.js"), { blank } = await import("/order-form/value.js");
  const order = { ...blank(null), note: "segreto" }, name = `aside:${order.id}`;
  localStorage.setItem(`archisync-keep:${name}`, JSON.stringify({ key: name, kind: "aside", id: order.id, order,
    account: access().account, tab: "gone", at: new Date().toISOString(), version: null, document: order }));
}"""


async def test_what_a_crash_left_readable_is_encrypted_at_the_next_start(at_work: Rig) -> None:
    page = await at_work.form(ACCOUNT)
    await page.evaluate(LEFT_BY_A_CRASH)
    await page.close()
    page = await at_work.form(ACCOUNT)
    await kept(page)
    assert "segreto" not in await page.evaluate("JSON.stringify(localStorage)")
    (found,) = await unsent(at_work)
    assert "segreto" in found


async def test_what_a_crash_left_readable_is_not_encrypted_for_another_account(at_work: Rig) -> None:
    """Its own account could not decrypt it any more."""
    page = await at_work.form(ACCOUNT)
    await page.evaluate(LEFT_BY_A_CRASH)
    await page.close()
    page = await at_work.form("agente2")
    await expect(page.locator("#note-top")).to_contain_text("Questo modulo lavora per agente2")
    await kept(page)
    await page.close()
    (found,) = await unsent(at_work)
    assert "segreto" in found


async def test_another_program_at_a_neighbouring_port_is_no_trouble(at_work: Rig) -> None:
    """The form looks there for orders that were left at another port; it is answered 404."""
    asked: list[str] = []

    @web.middleware
    async def noted(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked.append(request.path)
        return await handler(request)

    runner = web.AppRunner(web.Application(middlewares=[noted]))
    await runner.setup()
    ports = range(at_work.office.endpoint.port + 1, at_work.office.endpoint.port + PORTS_TRIED)
    at_work.served_at(*ports)
    try:
        for port in ports:
            with suppress(OSError):  # taken
                await web.TCPSite(runner, "127.0.0.1", port).start()
        assert runner.sites
        page = await at_work.form(ACCOUNT)
        await choose(page)
        await kept(page)
        await until(lambda: asked)
        assert at_work.problems == []
    finally:
        await runner.cleanup()


# ---------------------------------------------------------------------------------- long orders


async def test_a_wrong_quantity_far_down_is_brought_into_view(at_work: Rig) -> None:
    id_ = await stored(at_work, *(line(f"A{n}", n) for n in range(1, 201)))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 200)
    field = page.locator("#lines .quantity").nth(149)
    await field.fill("x")
    await page.evaluate("scrollTo(0, 0)")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#notice")).to_contain_text("Non salvato")
    await expect(field).to_be_focused()
    await expect(field).to_be_in_viewport(ratio=1)
    widths = await page.evaluate("""() => JSON.stringify([...document.querySelectorAll("#table tr")].map((row) =>
      [...row.cells].map((cell) => Math.round(cell.getBoundingClientRect().left)).join()))""")
    assert len(set(json.loads(widths))) == 1, "columns stand under their headings"


async def test_the_price_that_counts_is_found_among_more_than_one_answer_holds(at_work: Rig) -> None:
    """Prices of many years: the newest one comes last."""
    (one,) = [price for price in prices() if price["item_id"] == "020002"]
    many = [one | {"id": str(n), "unit_price": n, "valid_from": "2020-01-01"} for n in range(1000, 1230)]
    await read_again(at_work, "prices", [*many, one | {"id": "9999", "unit_price": 777, "valid_from": "2024-01-01"}])
    page = await at_work.form(ACCOUNT)
    await choose(page)
    await add(page, "lucido.b", "3")
    await expect(page.locator("#lines tr td").nth(2)).to_have_text("7,77 €")
