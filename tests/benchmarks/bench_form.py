"""The order form in the browser: from a key to its frame with 200 lines, from a search answer to the painted list.

For comparison, the same input in two pages of the same browser without our script: a plain table with the same number
of rows and fields, and an empty page with one field. The empty page shows the wait for the next frame, up to 16.7 ms at
60 frames a second.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import Page

from archisync_gui.entities import ENTITIES
from archisync_gui.model import as_json
from archisync_gui.store import Batch
from tests.benchmarks.result import Result, percentile
from tests.endpoint.form_rig import Rig, chromium, rig
from tests.support.one_browser import threads_ready

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
PLAIN = """(rows) => {
  const row = "<tr><td>Nome di un articolo<td><input><td>10,00 €<td>22 %<td>20,00 €<td><button>✕</button>";
  document.body.innerHTML = `<p id=shown></p>${rows ? `<table>${row.repeat(rows)}</table>` : "<input>"}`;
  document.body.addEventListener("input", (event) => {
    document.getElementById("shown").textContent = event.target.value;
  });
}"""


@dataclass(frozen=True)
class Keys:
    """Measurements of typing."""

    frames: list[float]
    """Milliseconds from each key to its frame."""
    cpu: float
    """Milliseconds of CPU in the page's main thread for one key and all its effects; does not depend on the load of the
    machine."""

    @property
    def p95(self) -> float:
        return percentile(self.frames, 95)


async def typed(page: Page, selector: str, count: int) -> Keys:
    """Type ``count`` digits, each replacing the one before, and wait for the frame of each."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def busy() -> float:
        metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
        return next(float(one["value"]) * 1000 for one in metrics if one["name"] == "TaskDuration")

    await page.evaluate("took.length = 0")
    await page.locator(selector).first.focus()
    before = await busy()
    for number in range(count):
        await page.keyboard.press("Control+a")
        await page.keyboard.press(str(1 + number % 9))
        while len(found := json.loads(await page.evaluate("JSON.stringify(took)"))) <= number:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return Keys([float(one) for one in found], (await busy() - before) / count)


async def searched(page: Page, texts: Sequence[str]) -> list[float]:
    """Milliseconds from each answer of a search to the list in its frame."""
    await page.evaluate("took.length = 0")
    for number, text in enumerate(texts):
        await page.locator("#customer").fill(text)
        while len(found := json.loads(await page.evaluate("JSON.stringify(took)"))) <= number:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return [float(one) for one in found]


async def without_us(made: Rig, rows: int, count: int) -> Keys:
    """Typing in a page without our script: ``rows`` of a plain table, or one field."""
    page = await made.context.new_page()
    await page.goto(made.office.url + "/api/health")
    await page.evaluate(PLAIN, rows)
    await page.evaluate("watchKeys()")
    took = await typed(page, "input", count)
    await page.close()
    return took


async def stocked(made: Rig, count: int) -> None:
    """Store ``count`` customers, and a draft of 200 lines."""
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
            table, empty = [await without_us(made, rows, keys) for rows in (LINES, 0)]
            asked = [await at_the_panel(made, text) for text in texts]
    search = percentile(answers, 95)
    beside = (
        f"p95 of {keys}, {LINES} lines; a plain table's: {table.p95:.1f} ms, an empty page's: {empty.p95:.1f} ms; "
        f"CPU {form.cpu:.1f} ms a key, {table.cpu:.1f} and {empty.cpu:.1f} there"
    )
    many = f"p95 of {len(texts)}, {customers:,} customers"
    return [
        Result(form.p95, "ms", limit=KEY_LIMIT, what="key to paint", note=beside),
        Result(search, "ms", limit=SEARCH_LIMIT, what="search answer to paint", note=many),
        Result(percentile(asked, 95), "ms", what="a search at the panel", note=many),
    ]


async def at_the_panel(made: Rig, text: str) -> float:
    """Milliseconds until the panel has answered a search."""
    headers = {"Authorization": f"Bearer {made.office.let_in(None, account='agente1')}"}
    began = time.perf_counter()
    await made.office.ask("GET", f"/api/customers?limit=20&ranked=true&search={quote(text)}", headers)
    return (time.perf_counter() - began) * 1000


def form_in_the_browser(quick: bool) -> list[Result]:
    """Typing and searching, with the comparison pages."""
    return asyncio.run(measure(quick))


BENCHMARKS = [("order form", form_in_the_browser)]
