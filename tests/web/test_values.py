"""The form's plain functions in a real browser: money, quantities, discounts, search boxes, undo; no page is drawn."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.async_api import Page

from archisync_gui.drafts.amounts import divide, line_amount, totals
from tests.endpoint.form_rig import chromium
from tests.endpoint.office import running
from tests.support.one_browser import threads_ready

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOCUMENTS = json.loads(Path(__file__).with_name("documents.json").read_text("utf-8"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    await threads_ready()
    async with running(tmp_path_factory.mktemp("values")) as office, chromium() as browser:
        tab = await browser.new_page()
        await tab.goto(office.url + "/docs")
        yield tab


async def ask(page: Page, module: str, expression: str, about: Any = None) -> Any:
    """What an expression over a module ``m`` and ``about`` gives."""
    load = f"const m = await import('/order-form/{module}.js');"
    script = f"async (about) => {{ {load} return JSON.stringify({expression}); }}"
    return json.loads(await page.evaluate(script, about))


SUMS = "about.map((lines) => ({ amounts: lines.map(m.lineAmount), ...m.totals(lines) }))"


@pytest.mark.parametrize("number", range(len(DOCUMENTS)))
async def test_documents_computed_by_hand(page: Page, number: int) -> None:
    wanted = DOCUMENTS[number]
    (found,) = await ask(page, "money", SUMS, [wanted["lines"]])
    assert found["amounts"] == wanted["amounts"], wanted["why"]
    assert [[v["rate"], v["net"], v["vat"], v["assumed"]] for v in found["vat"]] == wanted["vat"]
    assert (found["net"], found["total"], found["unpriced"]) == (wanted["net"], wanted["total"], wanted["unpriced"])
    export = totals(wanted["lines"])
    assert [line_amount(line) for line in wanted["lines"]] == wanted["amounts"]
    assert [[v.rate, v.net, v.vat, v.assumed] for v in export.vat] == wanted["vat"]
    assert (export.net, export.total, export.unpriced) == (wanted["net"], wanted["total"], wanted["unpriced"])


LINES = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 10**7),
        "unitPrice": st.none() | st.integers(-(10**5), 10**6),
        "priceUnit": st.sampled_from([1000, 100_000, 7, 333]),
        "vatPercent": st.none() | st.sampled_from([0, 400, 500, 1000, 2200]),
        "discounts": st.lists(st.integers(0, 10_000), max_size=5),
        "free": st.booleans(),
    }
)
documents: list[Any] = []


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(LINES, max_size=8))
def generated(lines: Any) -> None:
    documents.append(lines)


async def test_form_and_export_compute_the_same(page: Page) -> None:
    documents.clear()
    generated()
    for lines, found in zip(documents, await ask(page, "money", SUMS, documents), strict=True):
        export = totals(lines)
        assert found["amounts"] == [line_amount(line) for line in lines]
        assert (found["net"], found["total"], found["unpriced"]) == (export.net, export.total, export.unpriced)


async def test_halves_go_away_from_zero() -> None:
    assert [divide(n, 2) for n in (1, -1, 3, -3, 4)] == [1, -1, 2, -2, 2]


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("it", "2,5", 2500),
        ("it", "2.5", 2500),
        ("it", "1.000", 1_000_000),
        ("it", "1.234,5", 1_234_500),
        ("it", "1 000", 1_000_000),
        ("it", "1\u00a0000", 1_000_000),
        ("it", "1\u202f000,25", 1_000_250),
        ("it", "1'000", 1_000_000),
        ("it", " 12 ", 12_000),
        ("it", "１２", 12_000),
        ("it", "0,001", 1),
        ("it", ",5", 500),
        ("it", "0.500", 500),
        ("en", "2.5", 2500),
        ("en", "2,5", 2500),
        ("en", "1,000", 1_000_000),
        ("en", "1,234.5", 1_234_500),
        ("it", "", "empty"),
        ("it", "0", "zero"),
        ("it", "1 00", "number"),
        ("it", "1,2,3", "number"),
        ("it", "1.00.000", "number"),
        ("it", "0,0001", "number"),
        ("it", "-3", "number"),
        ("it", "3 pezzi", "number"),
        ("it", "1e3", "number"),
        ("it", "٣", "number"),
        ("it", "9" * 13, "large"),
    ],
)
async def test_quantities_as_people_type_them(page: Page, language: str, text: str, wanted: int | str) -> None:
    found = await ask(page, "quantity", "m.readQuantity(about[0], about[1])", [text, language])
    assert (found["problem"] or found["value"]) == wanted


RULE = {"min": 5000, "multiple": 5000, "max": 500_000}


async def test_rules_of_an_article(page: Page) -> None:
    found = await ask(
        page,
        "quantity",
        """{ allowed: [0, 1, 5000, 5001, 499999, 600000].map((q) => m.allowed(q, about)),
          good: [4000, 5000, 7000, 500000, 505000].map((q) => m.isAllowed(q, about)),
          steps: [m.stepped(5000, 1, about), m.stepped(5000, -1, about), m.stepped(500000, 1, about),
            m.stepped(2000, 1, about, 3000)],
          codes: ["10000001", "012345", "99999", "100000"].map((text) =>
            m.looksLikeCode(text, Number(text) * 1000)) }""",
        RULE,
    )
    assert found["allowed"] == [5000, 5000, 5000, 10_000, 500_000, 500_000]
    assert found["good"] == [False, True, False, True, False]
    assert found["steps"] == [10_000, 5000, 500_000, 7000]
    assert found["codes"] == [True, True, False, True]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("50+10+5", [5000, 1000, 500]),
        ("50 + 10 + 5 %", [5000, 1000, 500]),
        ("10,5", [1050]),
        ("10.25%", [1025]),
        ("50 10", [5000, 1000]),
        ("0", []),
        ("100", [10_000]),
        ("101", None),
        ("-5", None),
        ("50++5", None),
        ("x", None),
        ("1+1+1+1+1+1", None),
    ],
)
async def test_discounts_in_a_chain(page: Page, text: str, wanted: list[int] | None) -> None:
    assert await ask(page, "money", "m.parseDiscounts(about)", text) == wanted


BOX = """(() => {
  const codes = (item) => item.codes, items = about.items;
  let box = m.typed(m.emptyBox(), about.text);
  const early = m.entered(box, codes);
  const answer = m.answered(early.box, about.text.trim(), items, true, codes);
  const late = m.answered(m.typed(early.box, about.text + "x"), about.text.trim(), items, true, codes);
  return { early: early.take, waits: early.box.wanted, taken: answer.take?.name ?? null,
    open: answer.box.open, late: late.take ?? late.box.answered };
})()"""


async def test_an_early_enter_waits_and_takes_only_what_was_meant(page: Page) -> None:
    one, two = {"name": "uno", "codes": ["50272"]}, {"name": "due", "codes": ["50688", "IT00502720001"]}
    for text, items, taken in [
        ("50272", [two, one], "uno"),
        ("IT 00502720001", [two, one], "due"),
        ("rossi", [one, two], None),
        ("rossi", [one], "uno"),
        ("rossi", [], None),
        ("50272", [one, {"name": "tre", "codes": ["C1", "50272"]}], None),
    ]:
        found = await ask(page, "search", BOX, {"text": text, "items": items})
        assert found["early"] is None
        assert found["waits"] is True
        assert found["taken"] == taken, text
        assert found["open"] == (taken is None)
        assert found["late"] is None, "an answer for another text was taken or shown"


async def test_a_scanner_is_told_from_a_person(page: Page) -> None:
    found = await ask(
        page,
        "search",
        """[["12345678", [0, 10, 20, 30, 40, 50, 60, 70], 80], ["12345678", [0, 10, 20, 30, 40, 150, 160, 170], 180],
          ["1234", [0, 1, 2, 3], 4], ["abcdefgh", [0, 1, 2, 3, 4, 5, 6, 7], 8], ["123456", [0, 9, 18, 27, 36, 45], 500],
          ["x123456", [0, 9, 18, 27, 36, 45, 54], 63], ["x123456", [0, 90, 99, 108, 117, 126, 135], 144],
          ["99123456", [0, 100, 200, 209, 218, 227, 236, 245], 254]]
          .map(([text, times, enter]) => m.fastKeys([...text].map((key, at) => ({ key, time: times[at] })), enter))""",
    )
    assert found == ["12345678", "", "", "abcdefgh", "", "x123456", "123456", "123456"]


UNDO = """(() => {
  const line = (id) => ({ id, qtyText: "1" });
  let history = m.begin({ id: "o", note: "", lines: [line("a"), line("b")] });
  history = m.perform(history, { kind: "remove", id: "a" });
  const removed = history.last;
  history = m.perform(history, { kind: "insert", line: line("c"), before: null });
  history = m.perform(history, { kind: "change", id: "b", patch: { qtyText: "7" } }, "qtyText b");
  history = m.perform(history, { kind: "change", id: "b", patch: { qtyText: "77" } }, "qtyText b");
  const lines = (h) => h.order.lines.map(({ id, qtyText }) => id + qtyText).join(" ");
  const back = m.takeBack(history, removed);
  const all = m.undo(m.undo(back));
  const again = m.redo(m.redo(m.redo(all)));
  const gone = m.perform(history, { kind: "change", id: "nobody", patch: { qtyText: "9" } });
  return { back: lines(back), all: lines(all), again: lines(again), gone: gone === history };
})()"""


async def test_undo_takes_back_one_step_and_nothing_since(page: Page) -> None:
    found = await ask(page, "operations", UNDO)
    assert found == {"back": "a1 b77 c1", "all": "a1 b1", "again": "b77 c1", "gone": True}


INVERSES = """(() => {
  const line = (id) => ({ id, qtyText: "1", discountText: "", note: "", free: false });
  const order = { id: "o", note: "", date: null, customer: null, lines: ["a", "b", "c"].map(line) };
  const ops = [
    { kind: "insert", line: line("d"), before: null }, { kind: "insert", line: line("d"), before: "b" },
    { kind: "insert", line: line("d"), before: "gone" }, { kind: "remove", id: "a" }, { kind: "remove", id: "c" },
    { kind: "change", id: "b", patch: { qtyText: "7", free: true } },
    { kind: "set", patch: { note: "n", date: "2026-01-01" } },
    { kind: "all", ops: [{ kind: "change", id: "b", patch: { qtyText: "7" } },
      { kind: "change", id: "b", patch: { qtyText: "8" } },
      { kind: "remove", id: "b" }, { kind: "remove", id: "a" }, { kind: "insert", line: line("d"), before: "c" }] },
  ];
  return ops.map((op) => {
    const done = m.apply(order, op), back = m.apply(done.order, done.inverse);
    const again = m.apply(back.order, back.inverse);
    const text = JSON.stringify;
    return [text(done.order) !== text(order), text(back.order) === text(order), text(again.order) === text(done.order)];
  });
})()"""


async def test_every_operation_has_an_inverse(page: Page) -> None:
    for changed_back_again in await ask(page, "operations", INVERSES):
        assert changed_back_again == [True, True, True]


JUDGED = """(() => {
  const product = { itemId: "K", minQuantity: 5000, multipleQuantity: 5000, maxQuantity: 20000 };
  const articles = { K: { state: "ready", product, prices: [], asOf: null } };
  const line = (itemId, qtyText) => ({ ...m.lineOf({ itemId }, qtyText), id: itemId + qtyText });
  const problems = (...lines) => m.judge({ ...m.blank(null), lines }, articles, "2026-01-05", "it").problems
    .map(({ problem }) => [problem.code, problem.params?.pieces, problem.params?.better]);
  return [problems(line("K", "2"), line("K", "3")), problems(line("K", "2"), line("L", "3")),
    problems(line("K", "15"), line("K", "10")), problems(line("K", "5"), line("K", "x"))];
})()"""


async def test_rules_count_all_lines_of_an_article(page: Page) -> None:
    assert await ask(page, "value", JUDGED) == [
        [],
        [["rule.wrong", 2000, 5000]],
        [["rule.together", 25_000, 10_000], ["rule.together", 25_000, 5000]],
        [["quantity.number", None, None]],
    ]


PROVING = """async () => {  // answers for the panel that knows the token "t"
  const text = (text) => new TextEncoder().encode(text);
  const key = await crypto.subtle.importKey("raw", await crypto.subtle.digest("SHA-256", text("t")),
    { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return async (url) => {
    const about = `archisync proof ${location.origin} ${new URL(url).searchParams.get("nonce")}`;
    const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", key, text(about)));
    const proof = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
    return new Response(JSON.stringify({ proof }), { status: 200 });
  };
}"""


OUTBOX = """(async () => {
  const storage = await import("/order-form/storage.js"), real = window.fetch, put = IDBObjectStore.prototype.put;
  await storage.useKey(null);
  sessionStorage.setItem("archisync-token", JSON.stringify({ token: "t", account: "a", profileId: "p" }));
  const { addToOutbox, send, adopt, unsavedEntries } = await import("/order-form/keep.js?outbox");
  const answers = [], asked = [];
  const proven = await (PROVING)();
  window.fetch = (url, how) => url.includes("/api/health?") ? proven(url) : new Promise((resolve) => {
    asked.push(new Headers(how.headers).get("If-Match"));
    const body = (version) => JSON.stringify({ draft: { version }, total: 1 });
    answers.push((status, version) => resolve(new Response(body(version), { status })));
  });
  const until = async (count) => { while (answers.length < count) await new Promise((done) => setTimeout(done)); };
  const left = async () => (await unsavedEntries()).filter(({ kind }) => kind === "send")
    .map(({ document, version }) => [document.note, version]);
  const first = addToOutbox("x".repeat(24), 1, { note: "one" });
  await first.kept;
  const sending = send(first.entry);
  await until(1);
  await new Promise((done) => setTimeout(done, 2)); // what is added next is written at another moment
  const second = addToOutbox("x".repeat(24), 1, { note: "two" });
  await second.kept;
  answers[0](200, 2);
  await sending;
  const meanwhile = await left();
  const again = (await send(first.entry)).saved.version; // read from the outbox before it was sent
  const sendingSecond = send(second.entry);
  await until(2);
  answers[1](503, 0);
  await sendingSecond;
  const refused = await left();
  const last = send((await unsavedEntries())[0]);
  await until(3);
  answers[2](200, 3);
  await last;
  const entry = { key: "copy:t", kind: "copy", id: "y".repeat(24), at: "2026-01-01",
    account: "a", tab: "t", order: {} };
  IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
  const setItem = Storage.prototype.setItem;
  Storage.prototype.setItem = IDBObjectStore.prototype.put;
  const full = (await adopt([entry])).length;
  IDBObjectStore.prototype.put = put;
  Storage.prototype.setItem = setItem;
  window.fetch = real;
  sessionStorage.clear();
  return { meanwhile, again, refused, sent: await left(), asked, full, taken: (await adopt([entry])).length,
    nothing: (await adopt([{ ...entry, id: "z".repeat(24), unchanged: true }])).length,
    end: (await unsavedEntries()).length };
})()""".replace("PROVING", PROVING)


async def test_a_draft_leaves_the_outbox_only_when_the_panel_has_that_version(page: Page) -> None:
    found = json.loads(await page.evaluate(f"async () => JSON.stringify(await {OUTBOX})"))
    assert found["meanwhile"] == [["two", 1]], "what is saved in another tab follows the version that was seen there"
    assert found["again"] == 2
    assert found["refused"] == [["two", 1]]
    assert found["sent"] == []
    assert found["asked"] == ['"1"', '"1"', '"1"'], "the panel judges whether one save may follow the other"
    assert found["full"] == 0, "an entry that is not on the disk here may not be deleted at the other address"
    assert (found["taken"], found["nothing"], found["end"]) == (1, 1, 1)


ADOPTED = """(async () => {
  const storage = await import("/order-form/storage.js");
  await storage.useKey(null);
  sessionStorage.setItem("archisync-token", JSON.stringify({ token: "t", account: "a", profileId: "p" }));
  const { adopt, unsavedEntries } = await import("/order-form/keep.js?adopted");
  const id = "o".repeat(24), mine = async () => (await unsavedEntries()).filter((one) => one.id === id);
  const left = async () => (await mine()).map((one) => `${one.kind} ${(one.order ?? one.document).note}`).sort();
  const entry = (key, at, note, more) => ({ key, at, id, kind: key.split(":")[0], account: "a", tab: "t",
    document: { note }, ...(key.startsWith("send") ? {} : { order: { id, note } }), ...more });
  const first = [entry(`aside:${id}`, "1", "laid aside"), entry("copy:t", "2", "typed"),
    entry(`send:${id}`, "3", "saved"), entry("copy:u", "4", "written", { work: "w" })];
  const taken = [(await adopt(first)).length, (await adopt(first)).length]; // the page may be closed in between
  const here = await left();
  await adopt([entry("copy:u", "5", "written on", { work: "w" }), entry(`aside:${id}`, "6", "laid aside too"),
    entry(`send:${id}`, "7", "saved later"), entry(`send:${id}`, "2", "saved before")]);
  const both = await left();
  for (const one of await mine()) await storage.put(one.key, null);
  sessionStorage.clear();
  return { taken, here, both };
})()"""


async def test_what_other_ports_kept_of_one_order_is_not_thrown_together(page: Page) -> None:
    found = json.loads(await page.evaluate(f"async () => JSON.stringify(await {ADOPTED})"))
    assert found["taken"] == [4, 4]
    assert found["here"] == ["aside laid aside", "aside typed", "aside written", "send saved"]
    assert found["both"] == [
        "aside laid aside",
        "aside laid aside too",
        "aside typed",
        "aside written on",
        "send saved",
        "send saved before",
        "send saved later",
    ]


SCANNED = """(async () => {
  const store = await import("/order-form/store.js"), real = window.fetch;
  const { lineOf } = await import("/order-form/value.js");
  window.fetch = () => new Promise(() => {});
  m.addLines([lineOf({ itemId: "K" }, "3"), lineOf({ itemId: "L" }, "1")]);
  const [line] = store.order().lines;
  m.typeLine(line.id, "qtyText", "8");
  m.endStep();
  for (const text of ["1", "10", "100000", "10000001"]) m.typeLine(line.id, "qtyText", text);
  const asked = store.view().problems.map(({ problem }) => problem.code);
  m.scanInstead(line.id);
  const lines = () => store.order().lines.map(({ itemId, qtyText }) => itemId + qtyText);
  const after = lines(), scans = store.now().scans.map(({ code }) => code);
  store.update({ entry: { product: { itemId: "M" }, qtyText: "10000002", sure: false } });
  const entry = m.entryView().problem.code;
  m.scanInstead(null);
  window.fetch = real;
  return { asked, after, scans, entry, added: lines().slice(2),
    all: store.now().scans.map(({ code }) => code) };
})()"""


async def test_a_code_in_a_quantity_is_scanned_and_the_quantity_is_what_it_was(page: Page) -> None:
    found = await ask(page, "actions", f"await {SCANNED}")
    assert found["asked"] == ["quantity.suspicious"]
    assert found["after"] == ["K8", "L1"]
    assert found["scans"] == ["10000001"]
    assert found["entry"] == "quantity.suspicious"
    assert found["added"] == ["M1"]
    assert found["all"] == ["10000001", "10000002"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("020002\t5\t50+10\r\n020001\t1,5\t\r\n", [["020002", "5", "50+10"], ["020001", "1,5", ""]]),
        ("Codice\tDescrizione\tQ.tà\tSconto\n020002\tLucido\t5\t10", [["020002", "5", "10"]]),
        ("Sconto;Quantità;Articolo\n10;1.000;020002", [["020002", "1.000", "10"]]),
        ("020002\tLucido, 5 l\t5\t10\n020001\tBase\t2", [["020002", "5", "10"], ["020001", "2", ""]]),
        ('020002\t"Lucido\nda ""5"" l"\t1\u00a0000', [["020002", "1 000", ""]]),
        ("020002\t5\t10\n020001\tx\t20", [["020002", "5", "10"], ["020001", "x", "20"]]),
        ("020002\t5\n020001\t\n030001\t0", [["020002", "5", ""], ["020001", "", ""], ["030001", "0", ""]]),
        ("020002\n020001", [["020002", "1", ""], ["020001", "1", ""]]),
        ("020002 5\n020001  2,5", [["020002", "5", ""], ["020001", "2,5", ""]]),
        ('5" tubo\t3', [['5" tubo', "3", ""]]),
    ],
)
async def test_rows_from_a_spreadsheet(page: Page, text: str, wanted: list[list[str]]) -> None:
    rows = "m.readRows(about).map(({ code, qtyText, discountText }) => [code, qtyText, discountText])"
    assert await ask(page, "view/paste", rows, text) == wanted


LEFT = """(async () => {
  await m.useKey(null);
  const journal = (key, value) => localStorage.setItem(`archisync-keep:${key}`, JSON.stringify(value));
  await m.put("aside:n", { at: "2026-01-02", note: "new" });
  journal("aside:n", { at: "2026-01-01", note: "old" });
  journal("aside:m", { at: "2026-01-01", note: "left" });
  await m.useKey(null);
  while (Object.keys(localStorage).some((name) => name.startsWith("archisync-keep:aside"))) {
    await new Promise((done) => setTimeout(done));
  }
  const found = [(await m.get("aside:n")).note, (await m.get("aside:m")).note];
  await m.put("aside:n", null);
  await m.put("aside:m", null);
  return found;
})()"""


async def test_what_a_crash_left_replaces_nothing_newer(page: Page) -> None:
    assert await ask(page, "storage", f"await {LEFT}") == ["new", "left"]


DELETED_MEANWHILE = """(async () => {
  await m.useKey(null);
  const name = "archisync-keep:send:s", value = { key: "send:s", kind: "send", id: "o", at: "2026-01-01" };
  await m.put("send:s", value);
  localStorage.setItem(name, JSON.stringify(value));
  const get = IDBObjectStore.prototype.get;
  const read = new Promise((done) => {
    IDBObjectStore.prototype.get = function (key) {
      if (key !== "send:s") return get.call(this, key);
      IDBObjectStore.prototype.get = get;
      // The other tab, which was writing it, has sent the draft and deletes it.
      this.delete(key);
      localStorage.removeItem(name);
      this.transaction.addEventListener("complete", () => done());
      return get.call(this, key);
    };
  });
  await m.useKey(null);  // this tab starts in that moment
  await read;
  return (await m.all()).has("send:s");
})()"""


async def test_what_another_tab_deletes_while_this_one_starts_does_not_come_back(page: Page) -> None:
    assert await ask(page, "storage", f"await {DELETED_MEANWHILE}") is False


FULL = """(async () => {
  await m.useKey(null);
  const setItem = Storage.prototype.setItem, name = "archisync-keep:copy:f";
  m.put("copy:f", { at: "2026-01-01", note: "before" });
  Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
  await m.put("copy:f", { at: "2026-01-02", note: "after" });
  Storage.prototype.setItem = setItem;
  const journal = localStorage.getItem(name);
  localStorage.setItem(name, JSON.stringify({ at: "2026-01-01", note: "before" })); // an earlier program left it so
  const found = [journal, (await m.get("copy:f")).note, (await m.all()).get("copy:f").note];
  await m.put("copy:f", null);
  return found;
})()"""


async def test_an_older_value_in_a_full_journal_hides_nothing(page: Page) -> None:
    assert await ask(page, "storage", f"await {FULL}") == [None, "after", "after"]
