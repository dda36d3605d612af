"""Saving that has to wait for prices or scans: all that was entered is saved, and nothing that is half typed."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.endpoint.form_rig import SCAN, Rig
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
from tests.endpoint.stand_in import prices

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("no_complaints")]


async def impatient(at_work: Rig) -> Page:
    await at_work.context.add_init_script(SHORT)
    return await at_work.form()


async def waited(page: Page, times: int = 1) -> None:
    await page.evaluate("window.mayGiveUp = true")
    await page.wait_for_function("(times) => window.gaveUp >= times", arg=times)


async def saved_without_prices(at_work: Rig) -> tuple[Page, asyncio.Event]:
    """An order of one line is to be saved; its price comes when the event is set."""
    between = await at_work.between("**/api/prices?**", patient=True)
    page = await impatient(at_work)
    await choose(page)
    go_on = held(between)
    await add(page, "lucido.b", "3")
    await page.keyboard.press("Control+Enter")
    return page, go_on


async def test_codes_that_are_still_looked_up_are_waited_for(at_work: Rig) -> None:
    between = await at_work.between("**/api/products?**", patient=True)
    page = await impatient(at_work)
    await choose(page)
    go_on = held(between)
    for code in ("020001", "020002"):
        await page.evaluate(SCAN, code)
    await page.keyboard.press("Control+Enter")
    await waited(page, 2)
    assert await at_work.office.drafts.list(ACCOUNT) == ()
    await expect(page.locator("body")).to_contain_text("Attendo")
    go_on.set()
    await expect(page.locator("#customer")).to_be_focused()
    await expect(page.locator("body")).to_contain_text("Bozza salvata")
    assert [item for item, _ in await quantities(at_work)] == ["020001", "020002"]


async def test_what_is_typed_while_a_save_waits_is_neither_saved_by_halves_nor_lost(at_work: Rig) -> None:
    page, go_on = await saved_without_prices(at_work)
    await page.keyboard.type("012345k3")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.keyboard.type("1")  # of 12
    await waited(page)
    assert await at_work.office.drafts.list(ACCOUNT) == ()
    await expect(page.locator("body")).to_contain_text("Non ancora salvato: si sta scrivendo altro")
    await expect(page.locator("body")).not_to_contain_text("Attendo")
    await page.keyboard.type("2")
    go_on.set()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("body")).to_contain_text("Bozza salvata")
    assert await quantities(at_work) == [("020002", 3), ("012345K3", 12)]


async def test_a_quantity_that_became_wrong_while_a_save_waits_is_said(at_work: Rig) -> None:
    page, go_on = await saved_without_prices(at_work)
    await page.locator("#lines .quantity").fill("abc")
    await page.locator("#note").focus()
    await waited(page)
    await expect(page.locator("body")).to_contain_text("Non salvato")
    await expect(page.locator("body")).not_to_contain_text("Attendo")
    assert await at_work.office.drafts.list(ACCOUNT) == ()
    go_on.set()


async def test_after_a_while_an_order_is_saved_without_the_prices_that_do_not_come(at_work: Rig) -> None:
    page, go_on = await saved_without_prices(at_work)
    await waited(page)
    await expect(page.locator("body")).to_contain_text("Bozza salvata")
    assert await quantities(at_work) == [("020002", 3)]
    go_on.set()


async def test_undo_brings_the_saved_price_back_with_the_quantity(at_work: Rig) -> None:
    page = await at_work.form()
    id_ = await stored(at_work, line("012345K3", 2, 1233))
    await read_again(
        at_work, "prices", [p | {"unit_price": 1300} if p["item_id"] == "012345K3" else p for p in prices()]
    )
    await edit(page, id_, 1)
    price, note = page.locator("#lines tr td").nth(2), page.locator("#lines .wrong")
    await expect(note).to_contain_text("Prezzo cambiato: era 12,33")
    for change in ("quantity", "use"):
        if change == "quantity":
            await page.locator("#lines .quantity").press("ArrowUp")
        else:
            await note.get_by_role("button", name="Usa il nuovo").click()
        await expect(price).to_have_text("13,00 €")
        await expect(note).to_have_count(0)
        await page.keyboard.press("Control+z")
        await expect(price).to_have_text("12,33 €")
        await expect(note).to_contain_text("Prezzo cambiato: era 12,33")
        assert await rows(page) == [["012345K3", "2"]]


async def test_a_code_in_a_quantity_is_scanned_by_its_button_and_the_quantity_comes_back(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "lucido.b", "8")
    await page.locator("#lines .quantity").fill("012345")
    await page.locator("#lines .quantity").fill("10000001")
    await page.locator("#lines .wrong").get_by_role("button", name="È un codice").click()
    assert await rows(page) == [["020002", "8"]]


async def test_a_quantity_is_the_same_number_in_the_other_language(at_work: Rig) -> None:
    page = await at_work.form()
    await choose(page)
    await add(page, "lucido.b", "1.000")
    await page.keyboard.type("012345k3")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.keyboard.type("2.000")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("#lines .quantity")).to_have_value("1000")
    await expect(page.locator("#quantity")).to_have_value("2000")
    await page.get_by_role("button", name="Italiano").click()
    await expect(page.locator("html")).to_have_attribute("lang", "it")
    await expect(page.locator("#quantity")).to_have_value("2.000")  # as it was kept before
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("body")).to_contain_text("Bozza salvata")
    assert await quantities(at_work) == [("020002", 1000), ("012345K3", 2000)]


BROKEN = """() => {
  if (location.origin === "null") return;  // a frame of an address at which nobody answers has no storage
  const open = IDBFactory.prototype.open;
  if (sessionStorage.getItem("broken")) IDBFactory.prototype.open = function (...what) {
    const request = open.apply(this, what), failed = new Event("error");
    setTimeout(() => request.onerror?.(failed));
    Object.defineProperty(request, "onsuccess", { set() {}, get() { return null; } });
    return request;
  };
}"""
"""While the tab says so, IndexedDB opens with an error, as on a full disk."""


async def test_what_cannot_be_read_for_a_while_is_not_overwritten(at_work: Rig) -> None:
    await at_work.context.add_init_script(f"({BROKEN})()")
    page = await at_work.form()
    await choose(page)
    await add(page, "lucido.b", "3")
    await page.evaluate("import('/order-form/store.js').then((store) => store.kept())")
    await page.evaluate("sessionStorage.setItem('broken', '1')")
    await page.reload()
    await expect(page.locator("body")).to_contain_text("Il browser non riesce a leggere le bozze non finite")
    await expect(page.locator("#lines tr")).to_have_count(0)
    await page.locator("#note").fill("un’altra")
    await page.evaluate("sessionStorage.removeItem('broken')")
    await page.reload()
    await expect(page.locator("#note")).to_have_value("un’altra")
    lines = "(await keep.unsavedEntries()).map((one) => one.order.lines.length)"
    left = await page.evaluate(f"import('/order-form/keep.js').then(async (keep) => {lines})")
    assert left == [1], "the first order is still there, as one that is not finished"


async def test_the_drafts_page_says_when_it_cannot_read_what_waits(at_work: Rig) -> None:
    await at_work.context.add_init_script(f"({BROKEN})()")
    page = await at_work.form()
    await page.evaluate("sessionStorage.setItem('broken', '1')")
    await page.goto(f"{at_work.office.url}/drafts")
    await expect(page.locator("#unread")).to_contain_text("Non sono perse")
    await page.evaluate("sessionStorage.removeItem('broken')")
    await page.reload()
    await expect(page.locator("#none")).to_be_visible()
    await expect(page.locator("#unread")).to_be_hidden()
