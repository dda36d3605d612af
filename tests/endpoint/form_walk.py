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

from playwright.async_api import Page

from archisync_gui.drafts.amounts import line_amount
from tests.endpoint.form_rig import SCAN, Rig

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

IN_PAGE = """() => {
  // Every answer of the panel comes at its own moment: half of them at once, the others up to 12 ms late.
  const real = window.fetch.bind(window);
  let seed = Number(sessionStorage.getItem("walk-seed") ?? 1);
  const next = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const pause = () => next() < 0.5 ? undefined : new Promise((resolve) => setTimeout(resolve, next() * 12));
  let away = false;
  window.fetch = async (...how) => {
    await pause();
    if (away) throw new TypeError("Failed to fetch");
    const answer = await real(...how);
    await pause();
    return answer;
  };

  // Saving waits four seconds for prices. A busy computer's panel may need longer to start anew.
  const timer = window.setTimeout.bind(window);
  window.setTimeout = (act, pause, ...more) =>
    timer(act, String(act).includes("resumeSave(false)") ? 60000 : pause, ...more);

  const text = (node) => node?.textContent.replaceAll("\u00a0", " ").trim() ?? "";
  const until = async (question, about, patience = 15000) => {
    const end = Date.now() + patience;
    while (!(await question(about))) {
      if (Date.now() > end) throw new Error(`waited in vain for ${question} ${about}: ${await walk.dump()}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const modules = async () => {
    const names = ["store", "keep", "storage", "actions"];
    const loaded = await Promise.all(names.map((name) => import(`/order-form/${name}.js`)));
    return Object.fromEntries(names.map((name, at) => [name, loaded[at]]));
  };
  const one = (selector) => document.querySelector(selector);
  window.walk = {
    seed: (given) => { seed = given; sessionStorage.setItem("walk-seed", given); },
    get: () => seed,
    async ready() {
      await until(() => document.documentElement?.dataset.ready !== undefined);
      Object.assign(walk, await modules());
      // Before its first frame a page is given no input by the browser.
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    },
    id: () => walk.store.order().id,
    dump: async () => JSON.stringify({ state: { ...walk.store?.now(), articles: 0 }, active: document.activeElement?.id,
      kept: [...(await walk.storage?.all() ?? []).keys()] }),
    opened: () => until(() => !location.hash),
    shown: (id) => until((wanted) => walk.id() === wanted, id),
    other: (id) => until((before) => walk.id() !== before, id),
    customer: (name) => until((wanted) => text(one("#customer-chosen b")) === wanted, name),
    articles: () => until(() => document.activeElement?.id === "quantity"),
    /** Empty a field and stand in it. */
    stand(selector, nth = 0) {
      const field = document.querySelectorAll(selector)[nth];
      const more = field.closest("details");
      if (more) more.open = true;
      field.focus();
      field.select();
    },
    click(selector, nth = 0) {
      const element = document.querySelectorAll(selector)[nth];
      element.focus();
      element.click();
    },
    is: (selector, state) => one(selector)?.matches(state) ?? false,
    async look() {
      await until(() => !walk.store.now().scans.some((scan) => scan.state === "looking") && !walk.store.now().paste);
      const order = walk.store.order();
      return JSON.stringify({
        id: order.id,
        screen: {
          customer: text(one("#customer-chosen b")) || null, note: one("#note").value, article: one("#product").value,
          lines: [...document.querySelectorAll("#lines tr")].map((row) => [
            text(row.querySelector("small")).split(" · ")[0], row.querySelector(".quantity").value,
            row.querySelector(".more input").value]),
        },
        value: {
          customer: order.customer?.name ?? null, note: order.note, article: walk.store.now().product.text,
          lines: order.lines.map((line) => [line.itemId, line.qtyText, line.discountText]),
        },
      });
    },
    async waiting() {
      return JSON.stringify((await walk.keep.unsavedEntries()).map(({ id, order, document }) => ({ id,
        lines: (order ?? document).lines.map((line) => [line.itemId, line.qtyText ?? String(line.quantity)]) })));
    },
    served: () => until(async () => {
      const worker = await navigator.serviceWorker.getRegistration("/order-form/handover");
      return worker?.active?.state === "activated";
    }),
    async sealed(id) {
      await walk.store.kept(); // else the page may store what was typed last only when it is left
      await until((wanted) => !Object.entries(localStorage).some(([name, text]) => {
        const value = name.startsWith("archisync-keep:") ? JSON.parse(text) : null;
        return value?.id === wanted && !value.sealed;
      }), id);
    },
    // The form asks an address that is slow to answer three times, the last time after 23 s.
    found: (id) => until(async (wanted) => (await walk.keep.unsavedEntries()).some((entry) => entry.id === wanted),
      id, 60000),
    online: () => { dispatchEvent(new Event("online")); },
    /** The panel does not answer this tab, or does so again. */
    away(how) { away = how; },
    /** The form has said that the panel did not take the save. */
    kept: () => until(() => walk.store.now().said?.tone === "warn"),
    unsent: async (id, note) => (await walk.keep.unsavedEntries())
      .filter((one) => one.kind === "send" && one.id === id && one.document.note === note).map(({ key }) => key),
    conflict: () => until(() => one("#conflict")?.open),
    go: (hash) => { location.hash = hash; },
    scan: SCAN,
    async paste(table) {
      const data = new DataTransfer();
      data.setData("text", table);
      const how = { clipboardData: data, bubbles: true, cancelable: true };
      one("#product").dispatchEvent(new ClipboardEvent("paste", how));
      await until(() => one("#paste-take")?.disabled === false);
    },
    async reset(given) {
      walk.seed(given);
      walk.actions.clear();
      walk.store.update({ said: null, conflict: null, paste: null, leaving: null, unsent: 0 });
      for (const [key, value] of await walk.storage.all()) if (value.kind) await walk.storage.put(key, null);
    },
  };
}""".replace("scan: SCAN", f"scan: {SCAN}")
"""What the agent sees and does, inside the page: one call of the browser for each look."""


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
    article: str = ""
    """Typed in the box for the next article."""

    @property
    def empty(self) -> bool:
        return not (self.customer or self.note or self.lines)

    @property
    def valid(self) -> bool:
        """Whether the form has to take it."""
        if self.customer is None or self.article or any(read(quantity) is None for _, quantity, _ in self.lines):
            return False
        fives = sum(read(quantity) or 0 for item, quantity, _ in self.lines if item == FIVES)
        return not any(item == FIVES for item, _, _ in self.lines) or (fives % 5000 == 0 and 5000 <= fives <= 500_000)

    def opened(self) -> Seen:
        """The same as it is seen when the stored draft is opened: numbers as the form writes them."""
        return replace(self, lines=tuple((item, written(read(text) or 0), less) for item, text, less in self.lines))

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
    changed: set[str] = field(default_factory=set)
    """Which of them differ from what is stored, not only in the article's box."""

    # ------------------------------------------------------------------------------------------ the judge

    async def ask(self, what: str, *about: Any) -> Any:
        """Call one of the helpers in the page."""
        return await self.page.evaluate(f"(about) => walk.{what}(...about)", list(about))

    async def click(self, selector: str, nth: int = 0) -> None:
        """Click an element. By a call: with the mouse a late price may move it between looking and clicking, which is
        tried in ``test_order_form_findings.py``."""
        await self.ask("click", selector, nth)

    async def type(self, text: str, selector: str = "", nth: int = 0) -> None:
        """Type over what stands in a field, or in the one that has the focus."""
        if selector:
            await self.ask("stand", selector, nth)
        if text:
            await self.page.keyboard.insert_text(text)
        else:
            await self.page.keyboard.press("Delete")

    async def check(self) -> None:
        """Screen and value are what the agent saw and typed."""
        found = json.loads(await self.ask("look"))
        wanted = {
            "customer": self.now.customer,
            "note": self.now.note,
            "article": self.now.article,
            "lines": [list(line) for line in self.now.lines],
        }
        for what in ("screen", "value"):
            assert found[what] == wanted, f"{what} {found[what]}, agent {wanted}; {await self.ask('dump')}"
        self.id = found["id"]

    async def end(self) -> None:
        """All that was saved is stored as it was seen, and all that was left is there."""
        async with asyncio.timeout(60):
            while True:
                drafts = await self.rig.office.drafts.list("agente1")
                found = {draft.id: stored(draft.document) for draft in drafts}
                if found == {id_: seen.stored() for id_, seen in self.saved.items()}:
                    break
                await self.ask("online")
                await asyncio.sleep(0.02)
        for draft in drafts:
            for line in draft.document["lines"]:
                priced = line["itemId"] != "030001"
                assert (line_amount(line) is not None) == priced, f"{line['itemId']} was saved without its price"
        try:
            async with asyncio.timeout(60):
                while not (waiting := await self._waiting()).keys() >= self.aside.keys():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            gone = [seen for id_, seen in self.aside.items() if id_ not in await self._waiting()]
            raise AssertionError(f"left unfinished and gone: {gone}") from None
        for id_, seen in self.aside.items():
            assert [line[0] for line in waiting[id_]["lines"]] == [line[0] for line in seen.lines]

    async def _waiting(self) -> dict[str, Any]:
        """What the browser keeps for this address of the panel, by order; another address hands over soon."""
        return {one["id"]: one for one in json.loads(await self.ask("waiting"))}

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
        await self.type(key, "#customer")
        await self.page.keyboard.press("Enter")
        await self.ask("customer", CUSTOMERS[key])
        self.did(replace(self.now, customer=CUSTOMERS[key]))

    async def add(self, item: str, quantity: str) -> None:
        await self.type(TYPED.get(item, item.lower()), "#product")
        await self.page.keyboard.press("Enter")
        await self.ask("articles")
        await self.type(quantity)
        await self.page.keyboard.press("Enter")
        after = replace(self.now, article="", lines=(*self.now.lines, (item, quantity, "")))
        if self._allowed(after, item):
            self.did(after)
        else:
            assert await self.ask("is", "#rules", ".wrong"), f"{quantity!r} was not refused"
            await self.page.keyboard.press("Escape")
            self.now = replace(self.now, article="")

    async def half(self, text: str) -> None:
        """Begin the next article, and leave it."""
        await self.type(text, "#product")
        self.now = replace(self.now, article=text)

    def _allowed(self, after: Seen, item: str) -> bool:
        if read(after.lines[-1][1]) is None:
            return False
        pieces = sum(read(quantity) or 0 for one, quantity, _ in after.lines if one == item)
        return item != FIVES or (pieces % 5000 == 0 and 5000 <= pieces <= 500_000)

    async def scan(self, item: str) -> None:
        await self.half("")
        await self.ask("scan", item)
        lines = list(self.now.lines)
        last = next((at for at in reversed(range(len(lines))) if lines[at][0] == item), None)
        quantity = None if last is None else read(lines[last][1])
        if last is None or quantity is None:
            lines.append((item, "1", ""))
        else:
            lines[last] = (item, written(quantity + 1000), lines[last][2])
        self.did(replace(self.now, lines=tuple(lines)))

    async def paste(self, rows: list[tuple[str, str, str]]) -> None:
        await self.ask("paste", "\n".join("\t".join(row) for row in rows))
        await self.click("#paste-take")
        self.did(replace(self.now, lines=(*self.now.lines, *rows)))

    async def change(self, at: int, text: str) -> None:
        if not self.now.lines:
            return
        at %= len(self.now.lines)
        item, before, discount = self.now.lines[at]
        if text == before:
            return
        await self.type(text, "#lines .quantity", at)
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
        await self.type(text, "#lines .more > label:first-of-type > input", at)
        await self.blur()
        lines = (*self.now.lines[:at], (item, quantity, text), *self.now.lines[at + 1 :])
        self.did(replace(self.now, lines=lines))

    async def delete(self, at: int) -> None:
        if not self.now.lines:
            return
        at %= len(self.now.lines)
        await self.click(".remove", at)
        self.did(replace(self.now, lines=self.now.lines[:at] + self.now.lines[at + 1 :]))

    async def take_back(self) -> None:
        if self.undo:
            await self.click("#undo")
            self.redo.append(self.now)
            self.now = replace(self.undo.pop(), article=self.now.article)
        else:
            assert await self.ask("is", "#undo", ":disabled"), "nothing is left to do"

    async def again(self) -> None:
        if self.redo:
            await self.click("#redo")
            self.undo.append(self.now)
            self.now = replace(self.redo.pop(), article=self.now.article)
        else:
            assert await self.ask("is", "#redo", ":disabled"), "nothing is left to do"

    async def note(self, text: str) -> None:
        if text == self.now.note:
            return
        await self.type(text, "#note")
        await self.blur()
        self.did(replace(self.now, note=text))

    async def save(self) -> None:
        await self.page.keyboard.press("Control+Enter")
        if self.now.empty or not self.now.valid:
            return
        await self.ask("other", self.id)
        self.saved[self.id] = self.now
        self.aside.pop(self.id, None)
        self.changed.discard(self.id)
        self.fresh(Seen())

    async def edit(self, at: int) -> None:
        """Open what was saved, or what is on the screen."""
        known = sorted(self.saved)
        if self.id not in self.saved and not self.now.empty:
            known.append(self.id)
        if not known:
            return
        id_ = known[at % len(known)]
        if id_ == self.id:
            await self._go(f"draft={id_}", id_)
            if not self._kept():
                self.fresh(self.saved[id_].opened())
            return
        self._leave()
        await self._go(f"draft={id_}", id_)
        left = self.aside.pop(id_, None)
        self.fresh(left or self.saved[id_].opened(), id_ in self.changed)
        self.changed.discard(id_)

    async def duplicate(self, at: int) -> None:
        if not self.saved:
            return
        id_ = sorted(self.saved)[at % len(self.saved)]
        await self._stored(id_)
        before = self.id
        self._leave()
        await self.ask("go", f"copy={id_}")
        await self.ask("other", before)
        self.fresh(self.saved[id_].opened())

    async def _stored(self, id_: str) -> None:
        async with asyncio.timeout(60):
            while (found := await self.rig.office.drafts.get("agente1", id_)) is None or (
                stored(found.document) != self.saved[id_].stored()
            ):
                await self.ask("online")
                await asyncio.sleep(0.02)

    def _leave(self) -> None:
        if self.now.article or (not self.now.empty and self._changed()):
            self.aside[self.id] = self.now
            if self._changed():
                self.changed.add(self.id)

    def _changed(self) -> bool:
        """Whether the order differs from what is stored of it."""
        return bool(self.undo or self.touched or self.id not in self.saved)

    def _kept(self) -> bool:
        """Whether the browser keeps what is on the screen. A stored draft in which nothing was typed is not kept."""
        return bool(self.now.article) or ((not self.now.empty or self.id in self.saved) and self._changed())

    async def _go(self, hash_: str, id_: str) -> None:
        await self.ask("go", hash_)
        await self.ask("opened")
        await self.ask("shown", id_)

    async def reload(self) -> None:
        await self.page.reload(wait_until="commit")
        await self.ask("ready")
        self.fresh(self.now, self._changed())

    async def close(self) -> None:
        """The tab is closed; in a new one the agent goes on with what was left."""
        seed, context = await self.ask("get"), self.page.context
        await self.page.close()
        self.page = await context.new_page()
        await self.open(seed)
        await self._go_on()

    async def _go_on(self) -> None:
        """Go on with what was left."""
        changed = self._changed()
        if self._kept() or self.id in self.saved:
            await self._go(f"draft={self.id}", self.id)
        self.fresh(self.now, changed)

    async def restart(self) -> None:
        await self.rig.office.restart()

    async def move(self) -> None:
        """The panel answers at another port; the agent opens the form there and finds what was left. What was typed in
        the last moments is plain text until it is encrypted, and is not handed over (the form's README)."""
        await self.ask("served")
        await self.ask("sealed", self.id)
        office, seed = self.rig.office, await self.ask("get")
        port = office.endpoint.port
        await office.endpoint.move(port + 1 if port == self.first_port else self.first_port)
        await self.open(seed)
        if self._kept():
            await self.ask("found", self.id)
        await self._go_on()

    async def open(self, seed: int) -> None:
        """The form as the panel opens it."""
        await self.page.goto(self.rig.office.endpoint.order_form_url("agente1"), wait_until="commit")
        await self.ask("seed", seed)
        await self.ask("ready")


Step = tuple[str, tuple[Any, ...]]


async def take(walk: Walk, step: Step) -> None:
    """Take one step and look."""
    name, how = step
    act: Callable[..., Awaitable[None]] = getattr(walk, name)
    await act(*how)
    await walk.check()
