"""The order form and the drafts page as an agent uses them: by keyboard, in real Chromium, over the real parts."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from archisync_gui.entities import ENTITIES
from archisync_gui.store import Batch
from tests.endpoint import stand_in
from tests.endpoint.form_rig import Rig, article, state_of
from tests.endpoint.form_steps import SHORT
from tests.support.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("no_complaints")]


async def customer(page: Page, text: str) -> None:
    """Choose a customer by keyboard; the form is in the customer box."""
    await expect(page.locator("#customer")).to_be_focused()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await expect(page.locator("#product")).to_be_focused()


def cells(row: Locator) -> Locator:
    return row.locator("td")


async def test_five_orders_in_a_row_without_the_mouse(at_work: Rig) -> None:
    await five_orders(at_work)


@pytest.mark.nightly
@pytest.mark.parametrize("time", range(20))
async def test_five_orders_again_and_again(at_work: Rig, time: int) -> None:
    await five_orders(at_work)


TEN = ("012345k2", "012345k3", "lucido.a", "lucido.b", "senza")
"""Articles as they are searched; each is entered twice in an order of ten lines."""
CODES = ("012345K2", "012345K3", "020001", "020002", "030001")


# Two orders by day, that nothing of the first gets into the second.
@pytest.mark.parametrize("count", [pytest.param(2, marks=pytest.mark.ci), pytest.param(5, marks=pytest.mark.nightly)])
async def test_orders_of_ten_lines_without_the_mouse_are_stored_exactly(at_work: Rig, count: int) -> None:
    await at_work.context.add_init_script(SHORT)  # every article has its price, however late
    page = await at_work.form()
    wanted = []
    for number in range(1, count + 1):
        await customer(page, f"5012{number - 1}" if number != 4 else "50125")
        lines = []
        for place in range(10):
            pieces = 5 * (number + place)
            await article(page, TEN[place % 5], str(pieces))
            lines.append((CODES[place % 5], pieces * 1000))
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#saved")).to_contain_text("Bozza salvata")
        wanted.append(("50125" if number == 4 else f"5012{number - 1}", lines))
    kept: Any = [draft.document for draft in reversed(await at_work.office.drafts.list("agente1"))]
    found = [(one["customer"]["id"], [(line["itemId"], line["quantity"]) for line in one["lines"]]) for one in kept]
    assert found == wanted
    assert all(line["unitPrice"] for one in kept for line in one["lines"] if line["itemId"] != "030001")


async def five_orders(at_work: Rig) -> None:
    page = await at_work.form()
    for number in range(1, 6):
        await customer(page, "bianchi")
        await article(page, "012345k2", "15")
        await article(page, "lucido.a", "250")
        await expect(page.locator("#totals dd.sum")).to_have_text("199,90\xa0€")  # once the prices are there
        await page.keyboard.press("Control+Enter")
        said = "Bozza salvata, 1 bozza." if number == 1 else f"Bozza salvata, {number} bozze."
        await expect(page.locator("#saved")).to_have_text(said)
        await expect(page.locator("#lines tr")).to_have_count(0)
    await at_work.open_sessions(1)
    await page.keyboard.press("Alt+f")
    await expect(page.locator(".draft")).to_have_count(5)
    await at_work.open_sessions(0)


async def test_what_is_still_being_typed_is_saved_too_and_nothing_typed_is_lost(at_work: Rig) -> None:
    page = await at_work.form()
    await customer(page, "bianchi")
    await page.keyboard.type("lucido.b")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.keyboard.type("7")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_have_text("Bozza salvata, 1 bozza.")
    (kept,) = await at_work.office.drafts.list("agente1")
    assert [line["quantity"] for line in kept.document["lines"]] == [7000]
    await customer(page, "neri")
    await article(page, "lucido.b", "1")
    await page.keyboard.type("lucido")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#notice")).to_contain_text("Nel campo Articolo c’è un testo")
    await page.locator("#product").fill("")
    await page.locator("#lines .quantity").fill("3")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_have_text("Bozza salvata, 2 bozze.")
    newest = (await at_work.office.drafts.list("agente1"))[0]
    assert [line["quantity"] for line in newest.document["lines"]] == [3000]


async def test_the_next_order_begins_while_the_draft_is_being_saved(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/**", patient=True)
    page = await at_work.form()
    await customer(page, "bianchi")
    await article(page, "lucido.b", "1")
    go_on = asyncio.Event()

    async def slow(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    between.instead = slow
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_have_text("Salvo la bozza…")
    await customer(page, "neri")
    await article(page, "lucido.a", "100")
    go_on.set()
    await expect(page.locator("#saved")).to_have_text("Bozza salvata, 1 bozza.")
    await expect(page.locator("#customer-chosen")).to_contain_text("Ambulatorio Neri")
    await expect(page.locator("#lines tr")).to_have_count(1)
    (kept,) = await at_work.office.drafts.list("agente1")
    assert kept.document["customer"]["name"] == "Studio Bianchi Srl"


async def test_a_draft_that_is_opened_while_it_is_being_saved_is_saved_once(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/**", patient=True)
    page = await at_work.form()
    await customer(page, "bianchi")
    await article(page, "lucido.b", "1")
    go_on, calls = asyncio.Event(), list[str]()

    async def slow(route: Route) -> None:
        if route.request.method == "PUT":
            calls.append(route.request.url.rpartition("/")[2])
            await go_on.wait()
        await route.continue_()

    between.instead = slow
    await page.keyboard.press("Control+Enter")
    await until(lambda: bool(calls))
    await page.evaluate("id => { location.hash = `draft=${id}`; }", calls[0])
    await page.evaluate("dispatchEvent(new Event('online'))")  # the outbox is sent too
    await page.evaluate("import('/order-form/keep.js').then((keep) => keep.unsavedEntries())")  # both have read it
    go_on.set()
    await expect(page.locator("#lines tr")).to_have_count(1)
    await page.evaluate("import('/order-form/keep.js').then((keep) => keep.sendOutbox())")
    (kept,) = await at_work.office.drafts.list("agente1")
    assert kept.version == 1
    assert len(calls) == 1
    async with page.expect_response(f"**/api/drafts/{kept.id}"):  # of the comparison with the stored one
        await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-ready", "")
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    await page.evaluate("import('/order-form/store.js').then((store) => store.kept())")  # before it shows a dialog
    await expect(page.locator("#lines tr")).to_have_count(1)
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_what_was_removed_or_cleared_is_taken_back(at_work: Rig) -> None:
    page = await at_work.form()
    await customer(page, "bianchi")
    await article(page, "lucido.a", "250")
    await article(page, "lucido.b", "2")
    await page.locator("#lines .quantity").first.focus()
    await page.keyboard.press("Control+Delete")
    await expect(page.locator("#saved")).to_contain_text("LUCIDO.A tolto.")
    await expect(page.locator("#lines tr")).to_have_count(1)
    await page.locator("#saved button").click()
    await expect(page.locator("#lines tr").first).to_contain_text("LUCIDO.A")
    await page.locator("#note").fill("da richiamare")
    await page.locator("#clear").click()
    await expect(page.locator("#lines tr")).to_have_count(0)
    await page.locator("#saved button").click()
    await expect(page.locator("#lines tr")).to_have_count(2)
    await expect(page.locator("#customer-chosen")).to_contain_text("Studio Bianchi Srl")
    await expect(page.locator("#note")).to_have_value("da richiamare")
    await page.reload()
    await expect(page.locator("#lines tr")).to_have_count(2)


async def test_every_place_is_reached_by_keys(at_work: Rig) -> None:
    page = await at_work.form()
    await customer(page, "bianchi")
    await page.keyboard.type("lucido.b")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#product")).to_be_focused()
    await expect(page.locator("#product")).to_have_value("")
    await page.keyboard.press("Alt+c")
    await expect(page.locator("#customer")).to_be_focused()
    await page.keyboard.type("neri")
    await page.keyboard.press("Enter")
    await expect(page.locator("#customer-chosen")).to_contain_text("Ambulatorio Neri")
    await page.locator("#note").focus()
    await page.keyboard.press("Alt+a")
    await expect(page.locator("#product")).to_be_focused()
    await page.keyboard.press("Alt+f")
    await expect(page.locator("#unsent-list li")).to_contain_text("Ambulatorio Neri")
    await page.keyboard.press("Alt+n")
    await expect(page.locator("#customer-chosen")).to_contain_text("Ambulatorio Neri")


async def test_a_draft_that_is_not_accepted_comes_back_with_the_reason(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/**")
    page = await at_work.form()
    await customer(page, "bianchi")
    refusal = {"success": False, "message": "No.", "error": "Il campo note non va bene.", "code": "body-invalid"}
    between.instead = lambda route: route.fulfill(status=422, json=refusal)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#notice")).to_have_text("La bozza non è stata accettata: Il campo note non va bene.")
    await expect(page.locator("#customer-chosen")).to_contain_text("Studio Bianchi Srl")
    at_work.problems.clear()  # Chromium reports the 422 as a resource that failed to load


async def test_the_drafts_page_without_panel_shows_what_is_here_and_goes_on_by_itself(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts")
    page = await at_work.form()
    await saved_draft(at_work, page)
    await customer(page, "neri")
    between.instead = Route.abort
    await page.keyboard.press("Alt+f")
    await expect(page.locator("#notice")).to_contain_text("Il pannello non risponde.")
    await expect(page.locator("#unsent-list li")).to_contain_text("Ambulatorio Neri")
    await expect(page.locator("#none")).to_be_hidden()
    between.instead = None
    at_work.problems.clear()
    await expect(page.locator(".draft")).to_have_count(1)
    await expect(page.locator("#notice")).to_be_hidden()


async def test_new_customers_appear_in_the_visit_that_fetched_them(at_work: Rig) -> None:
    at_work.erp.fast.clear()
    page = await at_work.tab(at_work.office.endpoint.order_form_url())
    await expect(page.locator("#customer")).to_be_focused()
    await page.keyboard.type("nuovo")
    await expect(page.locator(".options .none")).to_have_text("Nessun cliente trovato")
    at_work.erp.fast.set()
    await state_of(page, "fresh").wait_for()
    await expect(page.locator("[role=option]")).to_contain_text("Nuovo Cliente 1")
    assert "Nuovi clienti: adesso" in await page.locator("#freshness-text").inner_text()
    await page.keyboard.press("Enter")
    await expect(page.locator("#customer-chosen")).to_contain_text("C60001")


async def test_a_list_that_was_closed_when_customers_became_fresh_is_searched_again(at_work: Rig) -> None:
    at_work.erp.fast.clear()
    page = await at_work.tab(at_work.office.endpoint.order_form_url())
    await expect(page.locator("#customer")).to_be_focused()
    await page.keyboard.type("nuovo")
    await expect(page.locator(".options .none")).to_have_text("Nessun cliente trovato")
    await page.keyboard.press("Escape")
    at_work.erp.fast.set()
    await state_of(page, "fresh").wait_for()
    await page.keyboard.press("Enter")
    await expect(page.locator("#customer-chosen")).to_contain_text("C60001")


async def test_quantity_rules_are_said_and_kept(at_work: Rig) -> None:
    page = await at_work.form()
    await customer(page, "bianchi")
    await page.keyboard.type("012345k2")
    await page.keyboard.press("Enter")
    quantity = page.locator("#quantity")
    await expect(quantity).to_have_value("5")
    await page.keyboard.type("12")
    await expect(page.locator("#rules")).to_contain_text("minimo 5, multipli di 5, massimo 500")
    await expect(quantity).to_have_attribute("aria-invalid", "true")
    await page.keyboard.press("Enter")
    await expect(page.locator("#lines tr")).to_have_count(0)
    await page.keyboard.press("ArrowUp")
    await expect(quantity).to_have_value("20")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    row = page.locator("#lines tr")
    await expect(cells(row).nth(4)).to_have_text("156,75 €")
    await row.locator(".quantity").fill("50")
    await row.locator(".quantity").press("Enter")
    await expect(cells(page.locator("#lines tr")).nth(2)).to_have_text("9,90 €")
    await expect(page.locator("#product")).to_be_focused()


async def test_prices_follow_the_list_and_what_is_not_known_is_said(at_work: Rig) -> None:
    page = await at_work.form()
    await customer(page, "bianchi")
    await article(page, "012345k2", "5")
    await article(page, "lucido.b", "1")
    await article(page, "senza", "2")
    await expect(page.locator("#lines tr").nth(2)).to_contain_text("senza prezzo")
    totals = page.locator("#totals")
    await expect(totals).to_contain_text("di cui 19,99")
    await expect(page.locator("#partly")).to_have_text("1 articolo senza prezzo non contato")
    await page.locator("#group").select_option(label="RIVENDITORI")
    await expect(cells(page.locator("#lines tr").nth(0)).nth(4)).to_have_text("40,00 €")
    await expect(page.locator("#lines tr").nth(1)).to_contain_text("senza prezzo")
    await page.locator("#group").select_option(label="DETTAGLIO (consigliato)")
    await page.locator("#date").fill("2099-02-01")
    await page.locator("#date").blur()
    await expect(cells(page.locator("#lines tr").nth(0)).nth(2)).to_have_text("12,00 €")


async def test_markup_from_outside_is_only_text(at_work: Rig) -> None:
    page = await at_work.form()
    await customer(page, "img src")
    await expect(page.locator("#customer-chosen b")).to_have_text("<img src=x onerror=alert(1)>")
    await article(page, "lucido.a", "1")
    await page.locator("#note").fill("<script>alert(1)</script>")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("1 bozza")
    await page.keyboard.press("Alt+f")
    await expect(page.locator(".draft h2")).to_have_text("<img src=x onerror=alert(1)>")
    assert await page.locator(".draft img, .draft script").count() == 0


async def test_a_reload_or_a_crash_loses_nothing(at_work: Rig) -> None:
    page = await at_work.form()
    await customer(page, "bianchi")
    await article(page, "lucido.b", "3")
    await page.reload()
    await expect(page.locator("#lines tr")).to_have_count(1)
    await expect(page.locator("#customer-chosen")).to_contain_text("Studio Bianchi Srl")
    with pytest.raises(Exception, match="crash"):
        await page.goto("chrome://crash")
    other = await at_work.tab(at_work.office.endpoint.order_form_url())
    await state_of(other, "fresh").wait_for()
    await other.goto(at_work.office.url + "/drafts")
    await expect(other.locator("#unsent-list li")).to_contain_text("Studio Bianchi Srl")
    await other.locator("#unsent-list a").click()
    await expect(other.locator("#lines tr")).to_have_count(1)


def content(path: Path) -> str:
    """A downloaded file, its line ends and byte order mark as they are."""
    return path.read_bytes().decode("utf-8")


async def saved_draft(at_work: Rig, page: Page) -> None:
    await customer(page, "bianchi")
    await article(page, "012345k3", "2")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("1 bozza")


async def test_what_changed_since_a_draft_was_saved_is_said(at_work: Rig) -> None:
    page = await at_work.form()
    await saved_draft(at_work, page)
    declared = {e.name: e for e in ENTITIES}

    async def read_again(entity: str, account: str, rows: list[dict[str, Any]]) -> None:
        full = [{c.name: None for c in declared[entity].columns} | row for row in rows]
        for number in range(2):  # absent from two clean reads: gone
            moment = at_work.office.clock.now()
            batch = Batch(f"again-{entity}-{number}", moment, full, whole=True, clean=True)
            await at_work.office.store.apply(entity, account, batch)

    await read_again("customers", "agente1", [c for c in stand_in.customers() if "Bianchi" not in c["name"]])
    dearer = [p | {"unit_price": 1300} if p["item_id"] == "012345K3" else p for p in stand_in.prices()]
    await read_again("prices", "", dearer)
    await page.keyboard.press("Alt+f")
    await page.get_by_role("link", name="Modifica").click()
    await expect(page.locator("#customer-chosen .wrong")).to_contain_text("non è più nell’ERP")
    note = page.locator("#lines .wrong")
    await expect(note).to_contain_text("Prezzo cambiato: era 12,33")
    await expect(cells(page.locator("#lines tr")).nth(2)).to_have_text("12,33 €")
    await note.get_by_role("button", name="Usa il nuovo").click()
    await expect(cells(page.locator("#lines tr")).nth(2)).to_have_text("13,00 €")


async def test_two_tabs_never_overwrite_each_others_draft(at_work: Rig) -> None:
    page = await at_work.form()
    await saved_draft(at_work, page)
    await page.keyboard.press("Alt+f")
    link = page.get_by_role("link", name="Modifica")
    address = at_work.office.url + str(await link.get_attribute("href"))
    await link.click()
    await expect(page.locator("#lines tr")).to_have_count(1)
    other_context = await at_work.browser.new_context(locale="it-IT")
    other = await at_work.form(context=other_context)
    await other.goto(address)
    await other.reload()
    await expect(other.locator("#lines tr")).to_have_count(1)
    for tab, note in ((page, "prima"), (other, "seconda")):
        await tab.locator("#note").fill(note)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("Bozza salvata")  # each asks who answers first: no order else
    await other.keyboard.press("Control+Enter")
    await expect(other.locator("#conflict")).to_be_visible()
    at_work.problems.clear()  # Chromium reports the 412 as a resource that failed to load
    (kept,) = await at_work.office.drafts.list("agente1")
    assert kept.document["note"] == "prima"
    await other.locator("#conflict-copy").press("Enter")
    await expect(other.locator("#saved")).to_have_text("Bozza salvata, 2 bozze.")
    assert {d.document["note"] for d in await at_work.office.drafts.list("agente1")} == {"prima", "seconda"}


async def test_a_draft_saved_without_panel_is_sent_when_it_is_back(at_work: Rig) -> None:
    between = await at_work.between("**/api/drafts/**")
    page = await at_work.form()
    await customer(page, "bianchi")
    await article(page, "lucido.b", "3")
    between.instead = Route.abort
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved")).to_contain_text("conservata in questo browser")
    await expect(page.locator("#unsent")).to_have_text("1 bozza attende di essere salvata nel pannello.")
    await expect(page.locator("#customer")).to_be_focused()
    at_work.problems.clear()
    between.instead = None
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(page.locator("#unsent")).to_be_hidden()
    assert len(await at_work.office.drafts.list("agente1")) == 1


async def test_drafts_are_deleted_printed_and_exported(at_work: Rig) -> None:
    page = await at_work.form()
    await saved_draft(at_work, page)
    await page.keyboard.press("Alt+f")
    async with page.expect_download() as csv:
        await page.get_by_role("button", name="Esporta CSV").click()
    download = await csv.value
    assert download.suggested_filename == "archisync-demo-drafts.csv"
    text = content(await download.path())
    assert text.startswith("\ufeffbozza;salvata;cliente;")
    assert ";012345K3;H1.104.010;2,000;12,33;1,000;;;22,00;24,66;" in text
    async with page.expect_download() as exported:
        await page.get_by_role("button", name="Esporta JSON").click()
    drafts = json.loads(content(await (await exported.value).path()))
    assert drafts[0]["document"]["lines"][0]["unitPrice"] == 1233
    await page.evaluate("window.print = () => { window.printed = document.querySelectorAll('.printed').length }")
    await page.get_by_role("button", name="Stampa").click()
    await page.wait_for_function("window.printed !== undefined")
    assert await page.evaluate("window.printed") == 1
    await page.emulate_media(media="print")
    await expect(page.locator(".bar")).to_be_hidden()
    await expect(page.locator(".draft table")).to_be_visible()
    heading = page.locator(".draft .paper").first
    await expect(heading).to_contain_text("Bozza d’ordine")
    await expect(heading.locator(".demo")).to_be_visible()
    await expect(page.locator(".draft .on-screen").first).to_be_hidden()  # "a minute ago" means nothing on paper
    await page.emulate_media(media="screen")
    await page.get_by_role("button", name="Elimina").click()
    await expect(page.locator(".draft")).to_have_count(1)
    await page.get_by_role("button", name="Elimina davvero").click()
    await expect(page.locator("#none")).to_be_visible()
    assert await at_work.office.drafts.list("agente1") == ()


async def test_a_form_from_a_bookmark_waits_for_one_click_in_the_panel(at_work: Rig) -> None:
    page = await at_work.tab(at_work.office.url + "/order-form")
    await expect(page.locator("#access-text")).to_contain_text("un clic su «Consenti»")
    pairing = at_work.office.endpoint.pairing
    await until(pairing.pending)
    pairing.approve(pairing.pending()[0].id, account="agente2")
    await state_of(page, "fresh").wait_for()
    assert at_work.sessions[0].account == "agente2"
    assert "code" not in page.url


async def test_the_form_speaks_english_and_is_named_for_screen_readers(at_work: Rig) -> None:
    context = await at_work.browser.new_context(locale="en-GB", color_scheme="dark")
    page = await at_work.form(context=context)
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    assert "New customers: now" in await page.locator("#freshness-text").inner_text()
    unnamed = """() => [...document.querySelectorAll("button, input, select, textarea, a")]
      .filter((e) => e.checkVisibility() && !(e.textContent.trim() || e.ariaLabel || e.labels?.length
        || e.getAttribute("aria-labelledby"))).map((e) => e.outerHTML)"""
    assert await page.evaluate(unnamed) == []
    await page.locator("[data-language]").click()
    await expect(page.locator("html")).to_have_attribute("lang", "it")
