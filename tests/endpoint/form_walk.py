"""One agent at the order form, and a plain model of what the agent sees and typed: steps, and what must hold.

Used by ``tests/e2e/test_order_form_model.py``. The model knows nothing of the form's code: lines as texts, what was
saved, what was left unfinished.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.async_api import Page, expect

from archisync_gui.drafts.amounts import line_amount
from tests.endpoint.form_rig import Rig

CUSTOMERS = {"50120": "Studio Bianchi Srl", "50121": "Ambulatorio Neri", "50125": "Clinica Città Nuova"}
ITEMS = ("012345K2", "012345K3", "020001", "020002", "030001")
TYPED = {"020001": "lucido.a", "020002": "lucido.b", "030001": "senza"}
"""How articles are searched whose code would be taken for a scan: these keys come faster than a person's."""
SCANNED = ("020001", "020002", "030001")
"""Codes of digits alone, as a scanner gives them."""
QUANTITIES = ("1", "3", "5", "10", "2,5", "1.000", "50")
WRONG = ("x", "", "0", "1,2,3")
DISCOUNTS = {"": [], "10": [1000], "50+10+5": [5000, 1000, 500], "12,5": [1250]}
FIVES = "012345K2"
"""Sold in fives, 5 to 500."""

DELAYS = """() => {
  const real = window.fetch.bind(window);
  let seed = Number(sessionStorage.getItem("walk-seed") ?? 1);
  const next = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const pause = () => new Promise((resolve) => setTimeout(resolve, next() < 0.5 ? 0 : next() * 60));
  window.fetch = async (...how) => { await pause(); const answer = await real(...how); await pause(); return answer; };
}"""

LOOK = """async () => {
  const store = await import("/order-form/store.js");
  const order = store.order();
  const text = (node) => node?.textContent.replaceAll("\\u00a0", " ").trim() ?? "";
  return JSON.stringify({
    busy: store.now().scans.some((one) => !one.missing),
    id: order.id,
    screen: {
      customer: text(document.querySelector("#customer-chosen b")) || null,
      note: document.querySelector("#note").value,
      lines: [...document.querySelectorAll("#lines tr")].map((row) => [text(row.querySelector("small")).split(" · ")[0],
        row.querySelector(".quantity").value, row.querySelector(".more input").value]),
    },
    value: {
      customer: order.customer?.name ?? null, note: order.note,
      lines: order.lines.map((line) => [line.itemId, line.qtyText, line.discountText]),
    },
    totals: text(document.querySelector("#totals dd")),
  });
}"""

WAITING = """async () => {
  const keep = await import("/order-form/keep.js");
  return JSON.stringify((await keep.waiting()).map(({ id, kind, order, document }) => ({ id, kind,
    customer: (order ?? document).customer?.name ?? null, note: (order ?? document).note,
    lines: (order ?? document).lines.map((line) => [line.itemId, line.qtyText ?? String(line.quantity)]) })));
}"""


def read(text: str) -> int | None:
    """Thousandths of a quantity as typed, ``None`` for what is none."""
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{3})+", text):
        text = text.replace(".", "")
    if not re.fullmatch(r"[0-9]+(,[0-9]{1,3})?", text):
        return None
    return round(float(text.replace(",", ".")) * 1000) or None


def written(thousandths: int) -> str:
    """A quantity as the form writes it."""
    whole, part = divmod(thousandths, 1000)
    return f"{whole},{part:03}".rstrip("0").rstrip(",") if part else str(whole)


Line = tuple[str, str, str]
"""Article, quantity and discount as typed."""


@dataclass(frozen=True)
class Seen:
    """What the agent sees of an order."""

    customer: str | None = None
    note: str = ""
    lines: tuple[Line, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.customer or self.note or self.lines)

    @property
    def valid(self) -> bool:
        """Whether the form has to take it."""
        if self.customer is None or any(read(quantity) is None for _, quantity, _ in self.lines):
            return False
        fives = sum(read(quantity) or 0 for item, quantity, _ in self.lines if item == FIVES)
        return not any(item == FIVES for item, _, _ in self.lines) or (fives % 5000 == 0 and 5000 <= fives <= 500_000)

    def stored(self) -> tuple[Any, ...]:
        """The same as the panel has to store it."""
        return (
            self.customer,
            self.note,
            tuple((item, read(quantity), tuple(DISCOUNTS[discount])) for item, quantity, discount in self.lines),
        )


def stored(document: Any) -> tuple[Any, ...]:
    """What matters of a stored document."""
    lines = tuple((line["itemId"], line["quantity"], tuple(line["discounts"])) for line in document["lines"])
    return (document["customer"]["name"], document["note"], lines)


@dataclass
class Walk:
    """The agent's way through one sequence."""

    rig: Rig
    page: Page
    first_port: int
    now: Seen = field(default_factory=Seen)
    touched: bool = False
    """It was taken up from the browser, so it may differ from what is stored."""
    undo: list[Seen] = field(default_factory=list)
    redo: list[Seen] = field(default_factory=list)
    id: str = ""
    """Of the order on the screen."""
    saved: dict[str, Seen] = field(default_factory=dict)
    """What was saved last, by id."""
    aside: dict[str, Seen] = field(default_factory=dict)
    """What was left unfinished, by id."""

    # ------------------------------------------------------------------------------------------ the judge

    async def look(self) -> Any:
        while True:
            found = json.loads(await self.page.evaluate(LOOK))
            if not found["busy"]:
                return found
            await asyncio.sleep(0.01)

    async def holds(self, question: str, about: str = "") -> None:
        """Wait until the page says yes; Playwright's own waiting evaluates text, which the pages forbid."""
        async with asyncio.timeout(10):
            while not await self.page.evaluate(question, about):  # noqa: ASYNC110  (no event tells)
                await asyncio.sleep(0.01)

    async def check(self) -> None:
        """Screen and value are what the agent saw and typed."""
        found = await self.look()
        wanted = {
            "customer": self.now.customer,
            "note": self.now.note,
            "lines": [list(line) for line in self.now.lines],
        }
        assert found["screen"] == wanted, f"screen {found['screen']}, agent {wanted}"
        assert found["value"] == wanted, f"value {found['value']}, agent {wanted}"
        self.id = found["id"]

    async def end(self) -> None:
        """All that was saved is stored as it was seen, and all that was left is there."""
        async with asyncio.timeout(20):
            while True:
                drafts = await self.rig.office.drafts.list("agente1")
                found = {draft.id: stored(draft.document) for draft in drafts}
                if found == {id_: seen.stored() for id_, seen in self.saved.items()}:
                    break
                await self.page.evaluate("dispatchEvent(new Event('online'))")
                await asyncio.sleep(0.05)
        for draft in drafts:
            for line in draft.document["lines"]:
                priced = line["itemId"] != "030001"
                assert (line_amount(line) is not None) == priced, f"{line['itemId']} was saved without its price"
        try:
            async with asyncio.timeout(20):
                while not (waiting := await self._waiting()).keys() >= self.aside.keys():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            gone = [seen for id_, seen in self.aside.items() if id_ not in await self._waiting()]
            raise AssertionError(f"left unfinished and gone: {gone}") from None
        for id_, seen in self.aside.items():
            assert [line[0] for line in waiting[id_]["lines"]] == [line[0] for line in seen.lines]

    async def _waiting(self) -> dict[str, Any]:
        """What the browser keeps for this address of the panel, by order; another address hands over soon."""
        return {one["id"]: one for one in json.loads(await self.page.evaluate(WAITING))}

    # ------------------------------------------------------------------------------------------ steps

    def did(self, seen: Seen) -> None:
        self.undo.append(self.now)
        self.redo.clear()
        self.now = seen

    def fresh(self, seen: Seen, touched: bool = False) -> None:
        self.now, self.undo, self.redo, self.touched = seen, [], [], touched

    async def blur(self) -> None:
        await self.page.evaluate("document.activeElement.blur()")

    async def customer(self, key: str) -> None:
        if self.now.customer is not None:
            await self.page.keyboard.press("Alt+c")
            self.did(replace(self.now, customer=None))
        await self.page.locator("#customer").fill("")
        await self.page.keyboard.type(key)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#customer-chosen b")).to_have_text(CUSTOMERS[key])
        self.did(replace(self.now, customer=CUSTOMERS[key]))

    async def add(self, item: str, quantity: str) -> None:
        await self.page.locator("#product").fill("")
        await self.page.keyboard.type(TYPED.get(item, item.lower()))
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#quantity")).to_be_focused()
        await self.page.keyboard.type(quantity)
        await self.page.keyboard.press("Enter")
        after = replace(self.now, lines=(*self.now.lines, (item, quantity, "")))
        if self._allowed(after, item):
            self.did(after)
        else:
            await expect(self.page.locator("#rules.wrong")).to_be_visible()
            await self.page.locator("#quantity").press("Escape")

    def _allowed(self, after: Seen, item: str) -> bool:
        if read(after.lines[-1][1]) is None:
            return False
        pieces = sum(read(quantity) or 0 for one, quantity, _ in after.lines if one == item)
        return item != FIVES or (pieces % 5000 == 0 and 5000 <= pieces <= 500_000)

    async def scan(self, item: str) -> None:
        await self.page.locator("#product").fill("")
        await self.page.evaluate(SCAN, item)
        lines = list(self.now.lines)
        last = next((at for at in reversed(range(len(lines))) if lines[at][0] == item), None)
        quantity = None if last is None else read(lines[last][1])
        if last is None or quantity is None:
            lines.append((item, "1", ""))
        else:
            lines[last] = (item, written(quantity + 1000), lines[last][2])
        self.did(replace(self.now, lines=tuple(lines)))

    async def paste(self, rows: list[tuple[str, str, str]]) -> None:
        await self.page.locator("#product").focus()
        await self.page.evaluate(PASTE, "\n".join("\t".join(row) for row in rows))
        await self.page.locator("#paste-take:enabled").click()
        await expect(self.page.locator("#paste")).to_have_count(0)
        self.did(replace(self.now, lines=(*self.now.lines, *rows)))

    async def change(self, at: int, text: str) -> None:
        if not self.now.lines:
            return
        at %= len(self.now.lines)
        item, before, discount = self.now.lines[at]
        if text == before:
            return
        await self.page.locator("#lines tr").nth(at).locator(".quantity").fill(text)
        await self.blur()
        lines = (*self.now.lines[:at], (item, text, discount), *self.now.lines[at + 1 :])
        self.did(replace(self.now, lines=lines))

    async def discount(self, at: int, text: str) -> None:
        if not self.now.lines:
            return
        at %= len(self.now.lines)
        item, quantity, before = self.now.lines[at]
        if text == before:
            return
        row = self.page.locator("#lines tr").nth(at)
        await row.locator("details").evaluate("(one) => { one.open = true }")
        await row.locator(".more input").first.fill(text)
        await self.blur()
        lines = (*self.now.lines[:at], (item, quantity, text), *self.now.lines[at + 1 :])
        self.did(replace(self.now, lines=lines))

    async def delete(self, at: int) -> None:
        if not self.now.lines:
            return
        at %= len(self.now.lines)
        await self.page.locator(".remove").nth(at).click()
        self.did(replace(self.now, lines=self.now.lines[:at] + self.now.lines[at + 1 :]))

    async def take_back(self) -> None:
        if self.undo:
            await self.page.locator("#undo").click()
            self.redo.append(self.now)
            self.now = self.undo.pop()
        else:
            await expect(self.page.locator("#undo")).to_be_disabled()

    async def again(self) -> None:
        if self.redo:
            await self.page.locator("#redo").click()
            self.undo.append(self.now)
            self.now = self.redo.pop()
        else:
            await expect(self.page.locator("#redo")).to_be_disabled()

    async def note(self, text: str) -> None:
        if text == self.now.note:
            return
        await self.page.locator("#note").fill(text)
        await self.blur()
        self.did(replace(self.now, note=text))

    async def save(self) -> None:
        await self.page.keyboard.press("Control+Enter")
        if self.now.empty or not self.now.valid:
            return
        await self.holds("(id) => window.orderId() !== id", self.id)
        self.saved[self.id] = self.now
        self.aside.pop(self.id, None)
        self.fresh(Seen())

    async def edit(self, at: int) -> None:
        if not self.saved:
            return
        id_ = sorted(self.saved)[at % len(self.saved)]
        if id_ == self.id:
            return
        self._leave()
        await self._go(f"draft={id_}", id_)
        left = self.aside.pop(id_, None)
        self.fresh(left or self.saved[id_], left is not None)

    async def duplicate(self, at: int) -> None:
        if not self.saved:
            return
        id_ = sorted(self.saved)[at % len(self.saved)]
        await self._stored(id_)
        before = self.id
        self._leave()
        await self.page.evaluate("(hash) => { location.hash = hash }", f"copy={id_}")
        await self.holds("(id) => window.orderId() !== id", before)
        self.fresh(self.saved[id_])

    async def _stored(self, id_: str) -> None:
        async with asyncio.timeout(20):
            while (found := await self.rig.office.drafts.get("agente1", id_)) is None or (
                stored(found.document) != self.saved[id_].stored()
            ):
                await self.page.evaluate("dispatchEvent(new Event('online'))")
                await asyncio.sleep(0.02)

    def _leave(self) -> None:
        if not self.now.empty and (self.undo or self.touched or self.id not in self.saved):
            self.aside[self.id] = self.now

    async def _go(self, hash_: str, id_: str) -> None:
        await self.page.evaluate("(hash) => { location.hash = hash }", hash_)
        await self.holds("(id) => window.orderId() === id", id_)

    async def reload(self) -> None:
        await self.page.reload()
        await self.ready()
        self.fresh(self.now, True)

    async def close(self) -> None:
        """The tab is closed; in a new one the agent goes on with what was left."""
        seed = await self.page.evaluate("sessionStorage.getItem('walk-seed')")
        context = self.page.context
        await self.page.close()
        self.page = await context.new_page()
        await self.open(seed)
        if not self.now.empty or self.id in self.saved:
            await self._go(f"draft={self.id}", self.id)
        self.fresh(self.now, True)

    async def restart(self) -> None:
        await self.rig.office.restart()

    async def move(self) -> None:
        """The panel answers at another port; the agent opens the form there and finds what was left."""
        await self.holds(SERVED)
        office, seed = self.rig.office, await self.page.evaluate("sessionStorage.getItem('walk-seed')")
        port = office.endpoint.port
        await office.endpoint.move(port + 1 if port == self.first_port else self.first_port)
        await self.open(seed)
        if not self.now.empty or self.id in self.saved:
            await self.holds(FOUND, self.id)
            await self._go(f"draft={self.id}", self.id)
        self.fresh(self.now, True)

    async def open(self, seed: str) -> None:
        """The form as the panel opens it."""
        await self.page.goto(self.rig.office.endpoint.order_form_url("agente1"))
        await self.page.evaluate("(seed) => sessionStorage.setItem('walk-seed', seed)", seed)
        await self.ready()

    async def ready(self) -> None:
        await self.page.locator("html[data-ready]").wait_for(state="attached")
        await self.page.evaluate(READY)


READY = """async () => {
  const store = await import("/order-form/store.js");
  window.orderId = () => store.order().id;
}"""
SERVED = """async () => {
  const served = await navigator.serviceWorker.getRegistration("/order-form/handover");
  return served?.active?.state === "activated";
}"""
FOUND = """async (id) => {
  const keep = await import("/order-form/keep.js");
  return (await keep.waiting()).some((one) => one.id === id);
}"""
SCAN = """(code) => {
  const field = document.getElementById("product");
  let at = performance.now();
  for (const key of [...code, "Enter"]) {
    at += 8;
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    Object.defineProperty(event, "timeStamp", { value: at });
    field.dispatchEvent(event);
    if (key === "Enter") break;
    field.value += key;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}"""
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text", text);
  const how = { clipboardData: data, bubbles: true, cancelable: true };
  document.getElementById("product").dispatchEvent(new ClipboardEvent("paste", how));
}"""

Step = tuple[str, tuple[Any, ...]]


async def take(walk: Walk, step: Step) -> None:
    """Take one step and look."""
    name, how = step
    act: Callable[..., Awaitable[None]] = getattr(walk, name)
    await act(*how)
    await walk.check()
