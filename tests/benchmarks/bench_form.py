"""The order form in the browser: from a key to its frame with 200 lines, from a search answer to the painted list.

The floor is the same gesture in an empty page of the same browser: a text field whose text is copied into a paragraph.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Page

from archisync_gui.entities import ENTITIES
from archisync_gui.model import as_json
from archisync_gui.store import Batch
from tests.benchmarks.result import Result, percentile
from tests.endpoint.form_rig import Rig, chromium, rig, threads_ready

Cell = str | int | bool | None
LINES = 200
KEY_LIMIT = 16.0
"""Milliseconds, a frame."""
SEARCH_LIMIT = 30.0

WATCH = """() => {
  window.took = [];
  const painted = (began) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => took.push(performance.now() - began);  // after the frame's style, layout and paint
    port2.postMessage(0);
  });
  window.watchKeys = () => addEventListener("input", () => painted(performance.now()), { capture: true });
  const real = window.fetch.bind(window);
  window.watchAnswers = () => { window.fetch = async (...how) => {
    const answer = await real(...how), read = answer.text.bind(answer);
    answer.text = async () => {
      const found = await read();
      if (String(how[0]).includes("search=")) painted(performance.now());
      return found;
    };
    return answer;
  }; };
}"""
PLAIN = """() => {
  document.body.innerHTML = "<input id=field><p id=shown></p>";
  document.getElementById("field").addEventListener("input", (event) => {
    document.getElementById("shown").textContent = event.target.value;
  });
}"""


async def typed(page: Page, selector: str, count: int) -> list[float]:
    """Milliseconds from each of ``count`` keys to its frame."""
    await page.evaluate("took.length = 0")
    await page.locator(selector).first.focus()
    for number in range(count):
        await page.keyboard.press("Control+a")
        await page.keyboard.press(str(1 + number % 9))
        while len(found := json.loads(await page.evaluate("JSON.stringify(took)"))) <= number:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return [float(one) for one in found]


async def searched(page: Page, texts: Sequence[str]) -> list[float]:
    """Milliseconds from each answer of a search to the list in its frame."""
    await page.evaluate("took.length = 0")
    for number, text in enumerate(texts):
        await page.locator("#customer").fill(text)
        while len(found := json.loads(await page.evaluate("JSON.stringify(took)"))) <= number:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return [float(one) for one in found]


async def stocked(made: Rig, count: int) -> None:
    """So many customers, and a draft of 200 lines."""
    declared = next(one for one in ENTITIES if one.name == "customers")
    empty: dict[str, Cell] = {column.name: None for column in declared.columns}
    rows = [
        empty
        | {"id": str(100_000 + n), "account_num": f"C{100_000 + n}", "name": f"Cliente {n % 997}", "city": "Verona"}
        for n in range(count)
    ]
    now = made.office.clock.now()
    await made.office.store.apply("customers", "agente1", Batch("many", now, rows, whole=True, clean=True))
    line: dict[str, object] = {
        "itemId": "020002", "name": "LUCIDO.B", "description": None, "quantity": 1000, "unitPrice": 1999,
        "priceUnit": 1000, "priceId": None, "priceAsOf": None, "vatPercent": 2200, "discounts": [], "free": False,
        "note": "",
    }  # fmt: skip
    customer = {"id": "50120", "name": "Studio Bianchi Srl"}
    document = as_json({"customer": customer, "priceGroup": "002", "note": "", "lines": [line] * LINES})
    await made.office.drafts.put("agente1", "d" * 24, document)


async def measure(quick: bool) -> list[Result]:
    keys, customers = (40, 10_000) if quick else (200, 100_000)
    texts = [f"cliente {n}" for n in range(20 if quick else 60)]
    with tempfile.TemporaryDirectory() as folder:
        await threads_ready()
        async with chromium() as browser, rig(Path(folder), browser) as made:
            await stocked(made, customers)
            await made.context.add_init_script(f"({WATCH})()")
            page = await made.context.new_page()
            await page.goto(made.office.endpoint.order_form_url("agente1"))
            await page.locator("html[data-ready]").wait_for(state="attached")
            await page.evaluate("watchAnswers()")
            answers = await searched(page, texts)
            await page.evaluate("() => { location.hash = `draft=${'d'.repeat(24)}` }")
            await page.locator("#lines tr").nth(LINES - 1).wait_for()
            await page.evaluate("watchKeys()")
            form = await typed(page, "#lines .quantity", keys)
            plain = await made.context.new_page()
            await plain.goto(made.office.url + "/api/health")
            await plain.evaluate(PLAIN)
            await plain.evaluate("watchKeys()")
            floor = percentile(await typed(plain, "#field", keys), 95)
    key, search = percentile(form, 95), percentile(answers, 95)
    beside = f"an empty page's key: {floor:.1f} ms"
    return [
        Result(
            key, "ms", limit=KEY_LIMIT, what="key to paint",
            note=f"p95 of {keys}, {LINES} lines; {key / floor:.2f} × {beside}",
        ),
        Result(
            search, "ms", limit=SEARCH_LIMIT, what="search answer to paint",
            note=f"p95 of {len(texts)}, {customers:,} customers; {search / floor:.2f} × {beside}",
        ),
    ]  # fmt: skip


def form_in_the_browser(quick: bool) -> list[Result]:
    """Both figures, with the floor."""
    return asyncio.run(measure(quick))


BENCHMARKS = [("order form", form_in_the_browser)]
