"""The order form and the drafts page for everybody: axe-core finds nothing, light and dark, wide and narrow."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, Route, expect

from tests.endpoint.form_rig import Rig, state_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


LOOK = f"""async () => {{
  const found = await axe.run({json.dumps(RULES | {"resultTypes": ["violations"]})});
  return JSON.stringify(found.violations);
}}"""
"""What axe-core finds, as one string: all that it has looked at, in Playwright's notation, costs as much as looking."""


async def nothing_wrong(page: Page, where: str) -> None:
    """axe-core has nothing to say, and nothing sticks out sideways."""
    # A colour on its way to another has neither's contrast.
    await page.add_style_tag(content="*, *::before { transition: none !important; animation: none !important }")
    if await page.evaluate("typeof axe") == "undefined":
        await page.evaluate(AXE_SCRIPT)
    found = json.loads(await page.evaluate(LOOK))
    wrong = [
        f"{violation['id']}: {violation['help']}\n  " + "\n  ".join(node["html"][:200] for node in violation["nodes"])
        for violation in found
    ]
    assert wrong == [], f"{where}:\n" + "\n".join(wrong)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{where} is too wide"


CONFLICT = """async (shown) => {
  const store = await import("/order-form/store.js"), mine = store.order();
  const document = { customer: mine.customer, lines: [], note: "altrove" };
  const current = { id: mine.id, version: 9, updatedAt: new Date().toISOString(), document };
  store.update({ conflict: shown ? { mine, current, opening: true } : null });
}"""
"""Another tab has saved the order that is shown; or the dialog that says so goes."""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 420)])
async def test_both_pages_in_all_their_states(at_work: Rig, scheme: Literal["light", "dark"], width: int) -> None:
    # Only the test's own style needs this: the pages forbid it.
    context = await at_work.browser.new_context(
        locale="it-IT", color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
    )
    between = await at_work.between("**/api/**", context)
    page = await at_work.form(context=context)
    await nothing_wrong(page, "empty form")
    await page.locator("#customer").fill("a")
    await page.locator("[role=option]:visible").first.wait_for()
    await nothing_wrong(page, "customers found")
    await page.locator("#customer").fill("bianchi")
    await page.keyboard.press("Enter")
    for article in ("012345k2", "senza"):
        await expect(page.locator("#product")).to_be_focused()
        await page.keyboard.type(article)
        await page.keyboard.press("Enter")
        await expect(page.locator("#quantity")).to_be_focused()
        await page.keyboard.press("Enter")
    await expect(page.locator("#lines tr")).to_have_count(2)
    await page.keyboard.type("012345k3")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.keyboard.type("x")
    await expect(page.locator("#rules.wrong")).to_be_visible()
    await nothing_wrong(page, "wrong quantity")
    await page.keyboard.press("Escape")
    await page.locator(".remove").last.click()
    await expect(page.locator("#saved button")).to_be_visible()
    await nothing_wrong(page, "line removed")
    await page.locator("#paste-open").click()
    await page.locator("#paste-text").fill("020002\t1\t10\nZZZ\t1\t")
    await page.locator("#paste-take:enabled").wait_for()
    await nothing_wrong(page, "rows pasted")
    await page.keyboard.press("Escape")
    await expect(page.locator("#paste")).to_have_count(0)
    await page.locator("#product").fill("lucido")
    await page.locator("#done").click()
    await page.locator("#leaving").wait_for()
    await nothing_wrong(page, "leaving")
    await page.keyboard.press("Escape")
    await page.locator("#product").fill("")
    await page.evaluate(CONFLICT, True)
    await page.locator("#conflict").wait_for()
    await nothing_wrong(page, "conflict")
    await page.evaluate(CONFLICT, False)
    await expect(page.locator("#conflict")).to_have_count(0)
    at_work.orchestrator.end_session(at_work.sessions[0].handle)
    await state_of(page, "operator").wait_for()
    await nothing_wrong(page, "session ended")
    between.instead = Route.abort
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#unsent")).to_be_visible()
    await nothing_wrong(page, "saved here only")
    await page.goto(at_work.office.url + "/drafts")
    await expect(page.locator("#notice")).to_be_visible()
    await nothing_wrong(page, "drafts without panel")
    between.instead = None
    await page.locator("#notice button").click()
    await expect(page.locator(".draft")).to_have_count(1)
    await page.get_by_role("button", name="Elimina").click()
    await nothing_wrong(page, "drafts")
    await page.get_by_role("button", name="Elimina davvero").click()
    await expect(page.locator("#none")).to_be_visible()
    await nothing_wrong(page, "no drafts")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
async def test_the_pages_to_read(at_work: Rig, scheme: Literal["light", "dark"]) -> None:
    context = await at_work.browser.new_context(locale="it-IT", color_scheme=scheme, bypass_csp=True)
    for path in ("/connect", "/docs"):
        page = await at_work.tab(at_work.office.url + path, context)
        # All calls look alike: some of them will do.
        await page.evaluate("document.querySelectorAll('main > section').forEach((s, n) => n % 16 && s.remove())")
        await nothing_wrong(page, path)
    waiting = await at_work.tab(at_work.office.url + "/order-form", context)
    await expect(waiting.locator("#access")).to_be_visible()
    await nothing_wrong(waiting, "access prompt")
