/* The drafts page: what is saved, and what still waits in this browser; edit, delete, print, export. */
import { $, element, notice, sure } from "./dom.js";
import { call, enter, PanelAway } from "./door.js";
import { forget, kept, sendWaiting } from "./keep.js";
import { csv, lineAmount, totals } from "./order.js";
import { ago, amount, counted, dateOf, money, percent, stamp, t, translatePage } from "./texts.js";

const RETRY_EVERY = 5_000; // while the panel does not answer

let drafts = null; // null: not told yet
let retry = 0;

/** Bring the page up to date; what only this browser has is shown whatever happens. */
async function load() {
  clearTimeout(retry);
  try {
    await sendWaiting();
    const { status, answer } = await call("/api/drafts");
    if (status === 200) drafts = answer.drafts;
    notice(status === 200 ? null : answer.error);
  } catch (error) {
    if (!(error instanceof PanelAway)) throw error;
    notice(error.message, element("button", { type: "button", className: "quiet", text: t("panel.retry"), onclick: load }));
    retry = setTimeout(load, RETRY_EVERY);
  }
  show();
}

function show() {
  const waiting = kept(), saved = drafts ?? [];
  $("unsent").hidden = waiting.length === 0;
  $("unsent-list").replaceChildren(...waiting.map(waitingRow));
  $("drafts").replaceChildren(...saved.map(card));
  $("none").hidden = drafts === null || saved.length + waiting.length > 0;
  $("count").textContent = drafts === null ? "" : counted("drafts.count", saved.length);
  $("csv").disabled = $("json").disabled = saved.length === 0;
  $("print-all").hidden = saved.length < 2;
}

const nameOf = ({ customer }) => customer?.name ?? t("no.customer");
const about = (action, draft) => t("of.draft", { action, name: nameOf(draft) });

function waitingRow(entry) {
  const { document: order } = entry;
  return element("li", {}, element("b", { text: nameOf(order) }),
    element("small", { text: `${counted("lines.count", order.lines.length)} · ${ago(entry.at)}` }),
    element("span", { className: "buttons" },
      element("a", { className: "button", href: `/order-form#draft=${entry.id}`, text: t("unsent.open"),
        ariaLabel: about(t("unsent.open"), order) }),
      sure(t("unsent.drop"), nameOf(order), () => { forget(entry.id); show(); })));
}

function card(draft) {
  const { customer, lines, note, date, priceGroup } = draft.document;
  const sums = totals(lines);
  const read = lines.map((line) => line.priceAsOf).filter(Boolean).sort()[0];
  const section = element("li", { className: "card draft" });
  section.append(
    element("p", { className: "paper" },
      element("strong", { text: t("draft") }), element("b", { className: "demo", text: "DEMO" }),
      element("span", { text: t("printed", { time: stamp(Date.now()) }) })),
    element("div", { className: "titled" },
      element("h2", { text: nameOf(draft.document) }),
      element("span", { className: "sum", text: money(sums.total) }),
      element("span", { className: "buttons" },
        element("a", { className: "button", href: `/order-form#draft=${draft.id}`, text: t("edit"),
          ariaLabel: about(t("edit"), draft.document) }),
        element("button", { type: "button", className: "quiet", text: t("print"),
          ariaLabel: about(t("print"), draft.document), onclick: () => print([section]) }),
        sure(t("delete"), nameOf(draft.document), () => remove(draft)))),
    element("p", { className: "about", text: [customer?.accountNum, customer?.city,
      customer?.vatNumber && `${t("customer.vat")} ${customer.vatNumber}`].filter(Boolean).join(" · ") }),
    element("p", { className: "about" },
      [dateOf(date), counted("lines.count", lines.length), priceGroup && t("group.of", { name: priceGroup })]
        .filter(Boolean).join(" · "),
      ...(read ? ageOf("prices.of", read) : []), ...ageOf("saved.at", draft.updatedAt)),
    element("div", { className: "scroll", tabIndex: -1 }, lineTable(lines, sums)));
  if (note) section.append(element("p", { className: "note", text: note }));
  section.append(element("p", { className: "paper end", text: t("print.note") }));
  return section;
}

/** An age for the screen; on paper, which gets old, the moment itself. */
const ageOf = (code, moment) => [
  element("span", { className: "on-screen", text: ` · ${t(code, { time: ago(moment) })}` }),
  element("span", { className: "on-paper", text: ` · ${t(code, { time: stamp(moment) })}` }),
];

function lineTable(lines, sums) {
  const head = ["product", "quantity", "price", "vat", "amount"].map((code, place) =>
    element("th", { scope: "col", className: place ? `n ${code}` : "", text: t(code) }));
  const rows = lines.map((line) => element("tr", {},
    element("td", { className: "what" }, element("b", { text: line.name }), " ",
      element("small", { text: [line.itemId, line.description].filter(Boolean).join(" · ") })),
    element("td", { className: "n", text: amount(line.quantity) }),
    element("td", { className: line.unitPrice === null ? "n wrong" : "n", text: money(line.unitPrice)
      + (line.priceUnit && line.priceUnit !== 1000 ? ` ${t("price.per", { n: amount(line.priceUnit) })}` : "") }),
    element("td", { className: "n vat", text: line.vatPercent === null ? "~22 %" : percent(line.vatPercent) }),
    element("td", { className: "n", text: lineAmount(line) === null ? "–" : money(lineAmount(line)) })));
  const sumRow = (name, value, className = "") => element("tr", { className },
    element("th", { scope: "row", colSpan: 3, className: "n", text: name }), element("td", { className: "vat" }), element("td", { className: "n", text: value }));
  const foot = [sumRow(t("net"), money(sums.net)),
    ...sums.vat.map(({ rate, assumed, net, vat }) =>
      sumRow(t(assumed ? "vat.assumed" : "vat.at", { rate: percent(rate), net: money(net) }), money(vat))),
    sumRow(t("total"), money(sums.total), "sum"),
    ...(sums.unpriced ? [element("tr", { className: "partly" },
      element("td", { colSpan: 5, className: "n wrong", text: counted("total.partly", sums.unpriced) }))] : [])];
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows),
    element("tfoot", {}, ...foot));
}

function print(sections) {
  for (const one of document.querySelectorAll(".draft")) one.classList.toggle("printed", sections.includes(one));
  window.print();
}

async function remove(draft) {
  const { status, answer } = await call(`/api/drafts/${draft.id}`, {
    method: "DELETE", headers: { "If-Match": `"${draft.version}"` } });
  if (status === 200) forget(draft.id);
  await load();
  if (status !== 200) notice(answer.error);
}

function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const demo = document.documentElement.dataset.demo ? "demo-" : "";
  element("a", { href: url, download: `archisync-${demo}${name}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function begin() {
  translatePage();
  document.title = `${t("title.drafts")} · Archisync`;
  $("csv").onclick = () => download("drafts.csv", "text/csv", csv(drafts));
  $("json").onclick = () => download("drafts.json", "application/json", JSON.stringify(drafts, null, 2));
  $("print-all").onclick = () => print([...document.querySelectorAll(".draft")]);
  window.addEventListener("beforeprint", () => {
    // Printed from the browser's own menu: all of them.
    if (!document.querySelector(".printed")) for (const one of document.querySelectorAll(".draft")) one.classList.add("printed");
  });
  window.addEventListener("afterprint", () => {
    for (const one of document.querySelectorAll(".printed")) one.classList.remove("printed");
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey && event.code === "KeyN") { event.preventDefault(); $("new").click(); }
  });
  await enter();
  await load();
  $("new").focus();
  // Another tab may have saved a draft meanwhile.
  window.addEventListener("pageshow", (event) => { if (event.persisted) load(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
}

begin().catch((error) => notice(t("error", { text: error.message })));
