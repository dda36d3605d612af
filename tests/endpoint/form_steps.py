"""What an agent does in the order form step by step, and what is stored afterwards, for its tests; no test."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from playwright.async_api import Locator, Page, Route, expect

from archisync_gui.entities import ENTITIES
from archisync_gui.store import Batch
from tests.endpoint.form_rig import Between, Rig, article
from tests.support.waiting import until_answered

ACCOUNT = "agente1"
SHORTEST_SCAN = 6
"""Digits, as in ``search.js``."""
CUSTOMER = {"id": "50120", "name": "Studio Bianchi Srl", "accountNum": "C50120", "city": "Verona"}


def line(item: str, quantity: int, price: int = 1233, **more: Any) -> dict[str, Any]:
    """A stored line; the quantity in pieces."""
    return {
        "itemId": item, "name": f"Nome {item}", "description": None, "quantity": quantity * 1000, "unitPrice": price,
        "priceUnit": 1000, "priceId": None, "priceAsOf": None, "vatPercent": 2200, "discounts": [], "free": False,
        "note": "",
    } | more  # fmt: skip


async def stored(at_work: Rig, *lines: dict[str, Any], id_: str = "d" * 24, **more: Any) -> str:
    """A draft in the panel; returns its id."""
    document = {"customer": CUSTOMER, "priceGroup": "002", "date": "2026-01-05", "note": "", "deliveryAddress": "",
                "desiredDate": None, "lines": list(lines)} | more  # fmt: skip
    await at_work.office.drafts.put(ACCOUNT, id_, document)
    return id_


async def edit(page: Page, id_: str, count: int) -> None:
    """Open a stored draft in this tab."""
    await page.evaluate("(id) => { location.hash = `draft=${id}` }", id_)
    await expect(page.locator("#lines tr")).to_have_count(count)


async def rows(page: Page) -> list[list[str]]:
    """Article and quantity of each line as they are on the screen."""
    return json.loads(
        await page.evaluate("""() => JSON.stringify([...document.querySelectorAll("#lines tr")].map((row) => [
            row.querySelector("small").textContent.split(" · ")[0].trim(), row.querySelector(".quantity").value]))""")
    )


async def quantities(at_work: Rig) -> list[tuple[str, int]]:
    """Article and quantity (in pieces) of each line of the draft saved last."""
    document: Any = (await at_work.office.drafts.list(ACCOUNT))[0].document
    return [(one["itemId"], one["quantity"] // 1000) for one in document["lines"]]


async def choose(page: Page, text: str = "50120") -> None:
    await expect(page.locator("#customer")).to_be_focused()
    # A scanner is told by its pace: digits as fast as Playwright types them are a scan, on a busy computer half of one.
    await page.keyboard.type(text, delay=50 if text.isdigit() and len(text) >= SHORTEST_SCAN else 0)
    await page.keyboard.press("Enter")
    await expect(page.locator("#customer-chosen")).to_be_visible()


SHORT = """
  const timer = window.setTimeout.bind(window);
  window.gaveUp = 0;  // how often saving has waited long enough for prices
  window.setTimeout = (act, pause, ...more) => {
    const end = () => { if (window.mayGiveUp) { window.gaveUp += 1; act(); } else timer(end, 50); };
    return String(act).includes("resumeSave(false)") ? timer(end, 50) : timer(act, pause, ...more);
  };
"""
"""Saving waits for prices until the test lets it give up, instead of for four seconds."""


async def add(page: Page, text: str, quantity: str) -> None:
    await page.locator("#product").focus()
    await article(page, text, quantity)


def held(between: Between) -> asyncio.Event:
    """Answers wait until the event is set."""
    go_on = asyncio.Event()

    async def wait(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    between.instead = wait
    return go_on


async def kept(page: Page) -> None:
    """Wait until all that this tab keeps is in IndexedDB."""
    await page.evaluate("""async () => {
      const { keepNow } = await import("/order-form/store.js"), storage = await import("/order-form/storage.js");
      keepNow();
      await storage.settled();
    }""")


async def served(page: Page) -> None:
    """Wait until the frame of this address is served whatever listens there."""
    question = """async () => {
      const worker = await navigator.serviceWorker.getRegistration("/order-form/handover");
      return worker?.active?.state === "activated";
    }"""
    await until_answered(lambda: page.evaluate(question))


async def only(items: Locator, text: str) -> None:
    """Wait until there is one item, which holds ``text``. The list may change in steps: an assertion about one element
    would fail as soon as it finds several."""
    await expect(items).to_have_text([re.compile(re.escape(text))])


async def unsent(at_work: Rig) -> list[str]:
    """What a new tab lists as not saved."""
    page = await at_work.tab(at_work.office.endpoint.order_form_url(ACCOUNT).replace("/order-form", "/drafts"))
    await expect(page.locator("#count")).not_to_be_empty()
    found = await page.locator("#unsent-list li").all_inner_texts()
    await page.close()
    return found


async def changed_elsewhere(at_work: Rig, id_: str) -> None:
    """Another tab saves the draft with a line more."""
    (draft,) = await at_work.office.drafts.list(ACCOUNT)
    document: Any = draft.document
    document = document | {"lines": [*document["lines"], line("020001", 7)]}
    await at_work.office.drafts.put(ACCOUNT, id_, document, if_match=draft.version)


async def changed_here_and_elsewhere(at_work: Rig) -> tuple[Page, str]:
    """A form in which "qui" was written into a draft that was changed elsewhere meanwhile; the draft's id."""
    id_ = await stored(at_work, line("020002", 3))
    page = await at_work.form(ACCOUNT)
    await edit(page, id_, 1)
    await page.locator("#note").fill("qui")
    await changed_elsewhere(at_work, id_)
    return page, id_


async def read_again(at_work: Rig, entity: str, rows: list[dict[str, Any]]) -> None:
    """The ERP has these rows now."""
    declared = next(one for one in ENTITIES if one.name == entity)
    full = [{c.name: None for c in declared.columns} | row for row in rows]
    account = ACCOUNT if entity == "customers" else ""
    batch = Batch(f"again-{entity}", at_work.office.clock.now(), full, whole=True, clean=True)
    await at_work.office.store.apply(entity, account, batch)


SCAN_HERE = """(code) => {
  const field = document.activeElement, types = field.matches("textarea, input[type=text]");
  let at = performance.now(), taken = false;
  for (const key of [...code, "Enter"]) {
    at += 8;
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    Object.defineProperty(event, "timeStamp", { value: at });
    taken = !field.dispatchEvent(event);
    if (key === "Enter" || taken || !types) continue;
    field.setRangeText(key, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  return taken;
}"""


async def scan_here(page: Page, code: str) -> bool:
    """A scanner's keys wherever the focus is; returns whether its Enter was kept from the focused element."""
    return bool(await page.evaluate(SCAN_HERE, code))
