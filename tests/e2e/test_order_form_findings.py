"""What people who enter orders complained of; the tests of one complaint bear its number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.endpoint import stand_in
from tests.endpoint.form_rig import NO_DEADLINES, SCAN, Rig
from tests.endpoint.form_steps import (
    ACCOUNT,
    SHORT,
    add,
    choose,
    edit,
    held,
    line,
    quantities,
    read_again,
    rows,
    stored,
)
from tests.support.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("no_complaints")]


# ---------------------------------------------------------------------------------- 0: Enter before the answer


async def test_0_an_enter_before_its_answer_takes_the_customer_that_was_typed(at_work: Rig) -> None:
    between = await at_work.between("**/api/customers?**", patient=True)
    page = await at_work.form()
    await choose(page)
    go_on = held(between)
    await page.keyboard.press("Alt+c")
    await page.keyboard.type("neri")
    await page.keyboard.press("Enter")
    await expect(page.locator("#customer-chosen")).to_have_count(0)
    go_on.set()
    await expect(page.locator("#customer-chosen")).to_contain_text("Ambulatorio Neri")


async def test_0_the_text_that_wakes_the_session_up_is_kept(at_work: Rig) -> None:
    page = await at_work.form()
    await at_work.open_sessions(1)
    await at_work.move_on(601)
    at_work.orchestrator.touch("x" * 32)  # the dispatcher looks at its clock
    await page.locator("#freshness[data-state=ended]").wait_for()
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=1))  # past the client's pause between signs
    await page.locator("#note").focus()
    await page.keyboard.insert_text("dettato")  # no key before it, as from a dictation, an input method or a paste
    await page.locator("#freshness[data-state=fresh]").wait_for()
    await expect(page.locator("#note")).to_have_value("dettato")


# ---------------------------------------------------------------------------------- 1, 2: late answers, places


async def test_1_late_prices_of_a_saved_order_touch_no_line_of_the_next(at_work: Rig) -> None:
    between = await at_work.between("**/api/prices?**", patient=True)
    page = await at_work.form()
    id_ = await stored(at_work, line("012345K3", 2), line("020002", 1), line("020001", 100))
    go_on = held(between)
    await edit(page, id_, 3)
    await page.locator("#date").fill("2026-03-02")
    await page.locator("#clear").click()
    await choose(page, "50121")
    go_on.set()
    await add(page, "lucido.b", "4")
    assert await rows(page) == [["020002", "4"]]
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    assert await quantities(at_work) == [("020002", 4)]


async def test_1_an_order_saved_while_the_panel_starts_anew_has_its_prices(at_work: Rig) -> None:
    between = await at_work.between("**/api/prices?**")
    await at_work.context.add_init_script(SHORT)  # the fourth answer is waited for, however late
    page = await at_work.form()
    asked: list[str] = []

    async def answer_the_fourth(route: Route) -> None:
        asked.append(route.request.url)
        await (route.abort() if len(asked) < 4 else route.continue_())

    between.instead = answer_the_fourth
    await choose(page, "50121")
    await add(page, "lucido.b", "4")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    document: Any = (await at_work.office.drafts.list(ACCOUNT))[0].document
    assert [found["unitPrice"] is not None for found in document["lines"]] == [True]
    assert len(asked) == 4
    at_work.problems.clear()  # the browser reports what was not answered


async def test_2_a_line_that_is_removed_moves_no_quantity_to_another(at_work: Rig) -> None:
    page = await at_work.form()
    await edit(page, await stored(at_work, *(line(f"A{n}", n) for n in range(1, 21))), 20)
    await page.locator("#lines .quantity").nth(17).fill("1000")
    await page.locator("#lines .remove").first.click()
    wanted = [[f"A{n}", "1000" if n == 18 else str(n)] for n in range(2, 21)]
    assert await rows(page) == wanted


async def test_2_what_is_said_of_a_price_stands_at_its_own_line(at_work: Rig) -> None:
    between = await at_work.between("**/api/prices?**", patient=True)
    page = await at_work.form()
    id_ = await stored(at_work, line("020001", 100, 10), line("012345K3", 2, 999), line("020002", 1, 1999))
    go_on = held(between)
    await edit(page, id_, 3)
    await page.locator("#lines .remove").first.click()
    go_on.set()
    changed = page.locator("#lines tr", has=page.get_by_role("button", name="Usa il nuovo"))
    await expect(changed).to_have_count(1)
    await expect(changed).to_contain_text("012345K3")
    await changed.get_by_role("button", name="Usa il nuovo").click()
    assert await rows(page) == [["012345K3", "2"], ["020002", "1"]]
    await expect(page.locator("#lines tr").first).to_contain_text("12,33 €")


# ---------------------------------------------------------------------------------- 3, 10: screen and stored


async def test_3_the_quantity_on_the_screen_is_the_one_that_is_saved(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "012345k3", "5")
    await page.locator("#lines .quantity").focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    shown = (await rows(page))[0][1]
    await page.locator("#save").click()
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    assert (shown, await quantities(at_work)) == ("7", [("012345K3", 7)])


async def test_3_a_quantity_that_is_not_allowed_stays_and_stops_every_save(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "012345k2", "5")
    await page.locator("#lines .quantity").fill("7")
    for _ in range(2):
        await page.locator("#save").click()
        await expect(page.locator("#notice")).to_contain_text("Non salvato")
    await page.locator("#note").fill("x")
    assert await rows(page) == [["012345K2", "7"]]
    await expect(page.locator("#lines .quantity")).to_have_attribute("aria-invalid", "true")
    assert await at_work.office.drafts.list(ACCOUNT) == ()
    await page.locator("#lines .wrong").get_by_role("button", name="Usa 10").click()
    await page.locator("#save").click()
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    assert await quantities(at_work) == [("012345K2", 10)]


async def test_10_a_click_on_save_counts_though_the_totals_are_drawn_anew(at_work: Rig) -> None:
    page = await at_work.form()
    await page.set_viewport_size({"width": 1280, "height": 720})
    await choose(page)
    await add(page, "lucido.b", "5")
    await page.locator("#lines .quantity").focus()
    await page.keyboard.type("6")
    await page.keyboard.press("ArrowUp")
    box = await page.locator("#save").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 3)
    await page.mouse.down()
    assert await page.locator("#save").bounding_box() == box, "the button moves under the pointer"
    await page.mouse.up()
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    assert len(await quantities(at_work)) == 1


# ---------------------------------------------------------------------------------- 4: undo


async def test_4_taking_back_a_removed_line_leaves_what_came_after(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "012345k3", "1")
    await add(page, "lucido.b", "2")
    await page.locator("#lines .remove").first.click()
    await expect(page.locator("#saved button")).to_be_visible()
    await page.locator("#lines .quantity").first.fill("9")
    await page.locator("#saved button").click()
    assert await rows(page) == [["012345K3", "1"], ["020002", "9"]]


async def test_4_two_removed_lines_are_taken_back_one_by_one(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    for item in ("012345k3", "lucido.b", "senza"):
        await add(page, item, "1")
    before = await rows(page)
    await page.locator("#lines .remove").first.dblclick()
    await expect(page.locator("#lines tr")).to_have_count(1)
    await page.locator("#undo").click()
    await page.locator("#undo").click()
    assert await rows(page) == before
    await page.locator("#redo").click()
    assert await rows(page) == before[1:]


# ---------------------------------------------------------------------------------- 5, 26: who is meant


def namesakes() -> list[dict[str, Any]]:
    """Customers of one name, and one whose VAT number holds another one's code."""
    same = {"name": "Farmacia Rossi", "city": "Verona"}
    return [
        *stand_in.customers(),
        {"id": "50200", "account_num": "C50200", "street": "Via Roma 1", **same},
        {"id": "50201", "account_num": "C50201", "street": "Via Dante 9", "fiscal_code": "RSSMRA80A01L781X", **same},
        {"id": "50688", "account_num": "C50688", "name": "Ambulatorio Caruso", "vat_number": "IT00050201999"},
    ]


async def test_5_a_code_takes_the_customer_of_that_code_and_no_other(at_work: Rig) -> None:
    await read_again(at_work, "customers", namesakes())
    page = await at_work.form()
    for typed, wanted in (("50201", "Via Dante 9"), ("rssmra80a01l781x", "Via Dante 9"), ("00050201999", "Caruso")):
        await choose(page, typed)
        await expect(page.locator("#customer-chosen")).to_contain_text(wanted)
        await page.keyboard.press("Alt+c")
        await page.locator("#customer").fill("")


async def test_5_several_hits_are_shown_and_none_is_taken(at_work: Rig) -> None:
    await read_again(at_work, "customers", namesakes())
    page = await at_work.form()
    await page.keyboard.type("rossi")
    await page.keyboard.press("Enter")
    await expect(page.locator("#options-customer [role=option]")).to_have_count(3)
    await expect(page.locator("#customer-chosen")).to_have_count(0)


async def test_26_customers_of_one_name_are_told_apart(at_work: Rig) -> None:
    await read_again(at_work, "customers", namesakes())
    page = await at_work.form()
    await page.keyboard.type("farmacia rossi")
    options = page.locator("#options-customer [role=option]")
    await expect(options).to_have_count(2)
    texts = await options.all_inner_texts()
    assert all("C5020" in text and "ID 5020" in text for text in texts)
    assert {"Via Roma 1" in text for text in texts} == {True, False}


# ---------------------------------------------------------------------------------- 6: the date


async def test_6_a_date_that_nobody_touched_follows_the_day(at_work: Rig) -> None:
    page = await at_work.form()
    await page.clock.set_fixed_time(datetime(2026, 1, 9, 17, 30, tzinfo=UTC))
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("#date")).to_have_value("2026-01-09")
    await page.clock.set_fixed_time(datetime(2026, 1, 12, 8, 5, tzinfo=UTC))
    await choose(page)
    await add(page, "lucido.b", "1")
    await expect(page.locator("#date")).to_have_value("2026-01-12")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    document: Any = (await at_work.office.drafts.list(ACCOUNT))[0].document
    assert document["date"] == "2026-01-12"


# ---------------------------------------------------------------------------------- 8, 21, 22: why there is no answer


@asynccontextmanager
async def silent_listener() -> AsyncIterator[int]:
    """A program that takes connections and never answers; its port."""
    open_ones: set[asyncio.StreamWriter] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_ones:
            writer.transport.abort()  # a browser keeps some in store, and since Python 3.12 a server waits for them
        await server.wait_closed()


async def test_8_a_silent_program_on_the_port_holds_no_page_up(at_work: Rig) -> None:
    page = await at_work.foreign()
    async with silent_listener() as port:
        for more in ({}, {"profileId": "profile-1"}):
            how = {"base": f"http://127.0.0.1:{port}", "token": "t" * 43, "label": "x", **more}
            await page.evaluate("(how) => { window.session = Archisync.openSession(how); }", how)
            async with asyncio.timeout(30):
                assert await page.evaluate("session.ready.then((f) => f.state)") == "stored"
            await page.evaluate("session.close()")
        await page.close()
    at_work.problems.clear()  # Chromium reports requests that were given up


def fulfilling(status: int, answer: dict[str, Any]) -> Callable[[Route], Awaitable[None]]:
    """Answers for the panel."""
    return lambda route: route.fulfill(status=status, json=answer)


async def test_21_too_many_tries_are_told_as_such(at_work: Rig) -> None:
    between = await at_work.between("**/api/customers?**")
    page = await at_work.form()
    for refusal, wanted in (
        ({"error": "Troppi errori.", "code": "too-many-failures"}, "Troppi tentativi"),
        ({"error": "Il pannello si sta chiudendo.", "code": "closing"}, "si sta chiudendo"),
    ):
        status = 429 if "many" in refusal["code"] else 503
        between.instead = fulfilling(status, {"success": False, "message": ""} | refusal)
        await page.locator("#customer").fill("")
        await page.keyboard.type("neri")
        await expect(page.locator("#options-customer")).to_contain_text(wanted)
    at_work.problems.clear()  # Chromium reports both as a resource that failed to load


async def test_22_what_keeps_the_panel_away_is_told_apart(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/**")
    health = await at_work.between("**/api/health*")
    page = await at_work.form()

    async def save_says(text: str, answer: Callable[[Route], Awaitable[object]]) -> None:
        between.instead = health.instead = None
        await choose(page)  # nothing is looked up where the panel does not answer
        between.instead, health.instead = Route.abort, answer
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#saved")).to_contain_text(text)

    await save_says("Il pannello non risponde: la bozza è conservata", Route.abort)
    html = partial(Route.fulfill, status=200, body="<html>", content_type="text/html")
    await save_says("risponde un altro programma", html)
    await page.evaluate("""() => {
      const denied = ({ name }) => name === "local-network-access" ? "denied" : "prompt";
      navigator.permissions.query = async (asked) => ({ state: denied(asked) });
    }""")
    await save_says("Il browser vieta", Route.abort)
    between.instead = health.instead = None
    at_work.problems.clear()


# ---------------------------------------------------------------------------------- 9: versions and tabs


async def test_9_a_draft_that_changed_elsewhere_is_shown_beside_the_copy_here(at_work: Rig) -> None:
    page = await at_work.form()
    id_ = await stored(at_work, line("012345K3", 2))
    await edit(page, id_, 1)
    await page.locator("#note").fill("qui")
    await page.close()
    (kept,) = await at_work.office.drafts.list(ACCOUNT)
    changed = {**kept.document, "note": "altrove"}
    await at_work.office.drafts.put(ACCOUNT, id_, changed, if_match=kept.version)
    page = await at_work.form()
    await page.evaluate("(id) => { location.hash = `draft=${id}` }", id_)
    await expect(page.locator("#conflict")).to_contain_text("qui")
    await expect(page.locator("#conflict")).to_contain_text("altrove")


async def test_9_a_duplicated_tab_writes_a_copy_of_its_own(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "lucido.b", "1")
    async with page.expect_popup() as opening:
        await page.evaluate("window.open('/order-form'), null")
    copy = await opening.value
    await expect(copy.locator("#lines tr")).to_have_count(1)
    await copy.locator("#lines .quantity").fill("5")
    await page.locator("#lines .quantity").fill("2")
    for tab, wanted in ((copy, "5"), (page, "2")):
        await tab.reload()
        await expect(tab.locator("#lines tr")).to_have_count(1)
        assert await rows(tab) == [["020002", wanted]]


# Three tabs are several; each one more costs as much as a test of its own.
@pytest.mark.parametrize("count", [pytest.param(3, marks=pytest.mark.ci), pytest.param(10, marks=pytest.mark.nightly)])
async def test_9_tabs_keep_an_order_each(at_work: Rig, count: int) -> None:
    tabs = [await at_work.form() for _ in range(count)]
    for number, tab in enumerate(tabs):
        await tab.locator("#note").fill(f"ordine {number}")
    await asyncio.gather(*(tab.reload() for tab in tabs))
    for number, tab in enumerate(tabs):
        await expect(tab.locator("#note")).to_have_value(f"ordine {number}")
    at_work.problems.clear()  # a loaded computer answers late: then the tabs look for the panel on its other ports


async def test_9_back_from_another_page_the_order_is_there(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "lucido.b", "3")
    await page.goto(at_work.office.url + "/docs")
    await page.go_back()
    await expect(page.locator("#lines tr")).to_have_count(1)
    assert await rows(page) == [["020002", "3"]]


TYPED_BEFORE_THE_RELOAD = """() => addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  sessionStorage.setItem("came-back", "1");
  const note = document.getElementById("note");
  note.value += "!";
  note.dispatchEvent(new InputEvent("input", { bubbles: true }));
})"""


async def test_9_a_page_from_the_back_forward_cache_overwrites_nothing_newer(at_work: Rig) -> None:
    page = await at_work.form()
    await page.locator("#note").fill("before")
    await page.evaluate(TYPED_BEFORE_THE_RELOAD)
    await page.goto(at_work.office.url + "/docs")
    await page.goto(at_work.office.url + "/order-form")
    await expect(page.locator("#note")).to_have_value("before")
    await page.locator("#note").fill("after")
    await page.goto(at_work.office.url + "/docs")
    await page.evaluate("history.go(-3)")
    await page.wait_for_url("**/order-form")
    await page.wait_for_function("sessionStorage.getItem('came-back')")
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    await expect(page.locator("#note")).to_have_value("after")


# ---------------------------------------------------------------------------------- 11: the browser keeps nothing

FORBIDDEN = """() => {
  const refuse = () => { throw new DOMException("forbidden", "SecurityError"); };
  for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
    Object.defineProperty(window, name, { get: refuse });
  }
}"""
FULL = """() => {
  const refuse = () => { throw new DOMException("full", "QuotaExceededError"); };
  Storage.prototype.setItem = refuse;
  IDBObjectStore.prototype.put = refuse;
}"""


@pytest.mark.parametrize("storage", [FORBIDDEN, FULL], ids=["forbidden", "full"])
async def test_11_without_storage_the_form_says_so_and_saves_to_the_panel(at_work: Rig, storage: str) -> None:
    await at_work.context.add_init_script(f"({storage})()")
    page = await at_work.form()
    await expect(page.locator("#unkept")).to_be_visible()
    await choose(page)
    await add(page, "lucido.b", "2")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    assert await quantities(at_work) == [("020002", 2)]


# ---------------------------------------------------------------------------------- 13: the focus


async def test_13_the_focus_goes_where_tab_and_mouse_send_it(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "012345k3", "1")
    await add(page, "lucido.b", "2")
    first, second = page.locator("#lines .quantity").nth(0), page.locator("#lines .quantity").nth(1)
    await first.fill("7")
    await second.click()
    await expect(second).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("8")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement !== document.body")
    assert await rows(page) == [["012345K3", "7"], ["020002", "8"]]


# ---------------------------------------------------------------------------------- 16, 19: scanner and rules


async def test_16_a_code_in_a_quantity_is_asked_about(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "012345k3", "1")
    await page.locator("#lines .quantity").fill("10000001")
    problem = page.locator("#lines .wrong")
    await expect(problem).to_contain_text("Sembra un codice")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#notice")).to_contain_text("Non salvato")
    assert await at_work.office.drafts.list(ACCOUNT) == ()


async def test_16_a_second_scan_adds_one_more(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    for _ in range(2):
        await page.evaluate(SCAN, "020002")
        await expect(page.locator("#product")).to_have_value("")
        await expect(page.locator("p.scan")).to_have_count(0)
    await expect(page.locator("#lines .quantity")).to_have_value("2")
    assert await rows(page) == [["020002", "2"]]


async def test_19_rules_of_an_article_count_over_the_whole_order(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "012345k2", "300")
    await page.keyboard.type("012345k2")
    await page.keyboard.press("Enter")
    await expect(page.locator("#rules")).to_contain_text("già nell’ordine: 300")
    await page.keyboard.type("300")
    await page.keyboard.press("Enter")
    await expect(page.locator("#rules")).to_contain_text("massimo 500")
    await expect(page.locator("#lines tr")).to_have_count(1)


# ---------------------------------------------------------------------------------- 20: leaving


async def test_20_what_is_not_added_yet_is_offered_before_leaving(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await page.keyboard.type("lucido.b")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.keyboard.type("4")
    await page.locator("#done").click()
    await expect(page.locator("#leaving")).to_contain_text("LUCIDO.B × 4")
    await page.locator("#leaving-add").click()
    await expect(page.locator("#unsent-list li")).to_contain_text("Studio Bianchi Srl")
    await page.keyboard.press("Alt+n")
    await expect(page.locator("#lines .quantity")).to_have_value("4")


# ---------------------------------------------------------------------------------- 25: how many lines, which addresses


async def test_25_the_line_that_is_one_too_many_is_refused_where_it_is_added(at_work: Rig) -> None:
    page = await at_work.form()
    await edit(page, await stored(at_work, *(line(f"A{n}", 1) for n in range(200))), 200)
    await page.locator("#product").fill("lucido.b")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("Un ordine ha al massimo 200 righe")
    await expect(page.locator("#lines tr")).to_have_count(200)


@pytest.mark.parametrize("path", ["/", "/order-form/", "/order-form/?x=1", "/drafts/"])
async def test_25_an_address_that_names_no_page_leads_to_one(at_work: Rig, path: str) -> None:
    page = await at_work.tab(at_work.office.url + path)
    await expect(page.locator("#access-text, h1").first).to_be_visible()
    await until(lambda: at_work.office.endpoint.pairing.pending())
    await page.close()


# ---------------------------------------------------------------------------------- 27: what offices use


async def test_27_rows_from_excel_are_shown_before_they_are_taken(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    table = "Codice\tQuantità\tSconto\n012345K2\t10\t50+10+5\n020002\t1.000\t\nZZZ\t1\t\n020001\t2,5\t10%"
    await page.locator("#product").focus()
    await page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.setData("text", text);
          const how = { clipboardData: data, bubbles: true, cancelable: true };
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        table,
    )
    await expect(page.locator("#paste")).to_contain_text("codice non trovato")
    await expect(page.locator("#lines tr")).to_have_count(0)
    await page.locator("#paste-take:enabled").click()
    assert await rows(page) == [["012345K2", "10"], ["020002", "1.000"], ["020001", "2,5"]]
    await page.locator("#undo").click()
    await expect(page.locator("#lines tr")).to_have_count(0)


async def test_27_discounts_free_goods_and_notes_are_stored_and_come_back(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "012345k3", "10")
    await add(page, "lucido.b", "1")
    await page.locator("#lines .more").first.evaluate("(one) => { one.open = true }")
    await page.locator("#lines .more").nth(1).evaluate("(one) => { one.open = true }")
    await page.get_by_label("Sconto %").first.fill("50+10+5")
    await page.get_by_label("omaggio").nth(1).check()
    await page.get_by_label("Nota di riga").first.fill("fragile")
    await page.locator("#delivery summary").click()
    await page.locator("#delivery-address").fill("Via Nuova 3, Verona")
    await page.locator("#desired-date").fill("2030-02-03")
    await expect(page.locator("#lines tr").first).to_contain_text("52,71 €")  # 123,30 € less 50, 10 and 5 %
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    document: Any = (await at_work.office.drafts.list(ACCOUNT))[0].document
    first, second = document["lines"]
    assert (first["discounts"], first["note"], second["free"]) == ([5000, 1000, 500], "fragile", True)
    assert (document["deliveryAddress"], document["desiredDate"]) == ("Via Nuova 3, Verona", "2030-02-03")


async def test_27_the_last_order_and_usual_articles_are_a_start(at_work: Rig) -> None:
    page = await at_work.form()
    for number in range(2):
        await choose(page)
        await add(page, "012345k3", str(number + 2))
        if number:
            await add(page, "lucido.b", "1")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
    await choose(page)
    await expect(page.locator("#past .usual")).to_have_count(1)
    await page.locator("#past-last").click()
    assert await rows(page) == [["012345K3", "3"], ["020002", "1"]]


async def test_27_a_duplicate_is_an_order_of_its_own_at_the_prices_of_today(at_work: Rig) -> None:
    page = await at_work.form()
    id_ = await stored(at_work, line("012345K3", 2, 999))
    await page.evaluate("(id) => { location.hash = `copy=${id}` }", id_)
    await expect(page.locator("#lines tr")).to_contain_text("12,33 €")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_have_text("Bozza salvata, 2 bozze.")
    dates = {one.document["date"] for one in await at_work.office.drafts.list(ACCOUNT)}
    assert len(dates) == 2


@pytest.mark.parametrize(("wished", "copied"), [("2020-01-05", ""), ("2999-01-05", "2999-01-05")])
async def test_27_a_duplicate_is_wished_for_no_day_that_is_past(at_work: Rig, wished: str, copied: str) -> None:
    page = await at_work.form()
    id_ = await stored(at_work, line("012345K3", 2), desiredDate=wished)
    await page.evaluate("(id) => { location.hash = `copy=${id}` }", id_)
    await expect(page.locator("#lines tr")).to_have_count(1)
    await expect(page.locator("#desired-date")).to_have_value(copied)


async def test_27_a_late_answer_does_not_replace_a_letterhead_that_is_typed(at_work: Rig) -> None:
    await stored(at_work, line("012345K3", 2))
    await at_work.context.add_init_script(NO_DEADLINES)
    page = await at_work.form()
    let_go = asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method == "GET":
            await let_go.wait()
        await route.continue_()

    await page.context.route("**/api/drafts/letterhead", late)
    await page.keyboard.press("Alt+f")
    await page.locator("#letterhead summary").click()
    text = page.locator("#letterhead-text")
    await text.fill("Agenzia Prova")
    async with page.expect_response("**/api/drafts/letterhead"):
        let_go.set()
    await expect(page.locator("#count")).not_to_be_empty()
    await expect(text).to_have_value("Agenzia Prova")
    await page.get_by_role("button", name="Salva intestazione").click()
    await expect(page.locator("#count")).to_have_text("Intestazione salvata.")
    await page.reload()
    await expect(text).to_have_value("Agenzia Prova")


async def test_27_the_letterhead_is_printed_above_a_draft(at_work: Rig) -> None:
    await stored(at_work, line("012345K3", 2))
    page = await at_work.form()
    await page.keyboard.press("Alt+f")
    await page.locator("#letterhead summary").click()
    await page.locator("#letterhead-text").fill("Agenzia Prova\nVia Esempio 1")
    await page.get_by_role("button", name="Salva intestazione").click()
    await expect(page.locator("#count")).to_have_text("Intestazione salvata.")
    await page.reload()
    await page.emulate_media(media="print")
    await expect(page.locator(".draft .paper").first).to_contain_text("Agenzia Prova")
