/* The drafts page: what is saved, and what still waits in this browser; edit, delete, print, export. */
import { call, enter } from "./door.js";
import { forget, kept, sendWaiting } from "./keep.js";
import { csv, lineAmount, totals } from "./order.js";
import { ago, amount, counted, dateOf, money, percent, t, translatePage } from "./texts.js";

const $ = (id) => document.getElementById(id);
let drafts = [];

function element(tag, { text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function notice(text) {
  $("notice").textContent = text ?? "";
  $("notice").hidden = !text;
}

async function load() {
  await sendWaiting();
  const { status, answer } = await call("/api/drafts");
  if (status !== 200) { notice(answer.error); return; }
  drafts = answer.drafts;
  show();
}

function show() {
  const waiting = kept();
  $("unsent").hidden = waiting.length === 0;
  $("unsent-list").replaceChildren(...waiting.map(waitingRow));
  $("drafts").replaceChildren(...drafts.map(card));
  $("none").hidden = drafts.length + waiting.length > 0;
  $("count").textContent = counted("drafts.count", drafts.length);
  $("csv").disabled = $("json").disabled = drafts.length === 0;
}

function waitingRow(entry) {
  const { customer, lines } = entry.document;
  return element("li", {}, element("b", { text: customer?.name ?? t("no.customer") }), " ",
    element("small", { text: `${counted("lines.count", lines.length)} · ${ago(entry.at)}` }), " ",
    element("a", { className: "button", href: `/order-form#draft=${entry.id}`, text: t("unsent.open") }), " ",
    sure(t("unsent.drop"), () => { forget(entry.id); show(); }));
}

/** A button that asks once more before something is lost. */
function sure(text, act) {
  const button = element("button", { type: "button", className: "quiet", text });
  let armed = 0;
  button.onclick = () => {
    clearTimeout(armed);
    if (button.classList.toggle("danger")) {
      button.textContent = t("delete.sure");
      armed = setTimeout(() => { button.classList.remove("danger"); button.textContent = text; }, 6000);
    } else {
      act();
    }
  };
  button.onblur = () => { clearTimeout(armed); button.classList.remove("danger"); button.textContent = text; };
  return button;
}

function card(draft) {
  const { customer, lines, note, date } = draft.document;
  const sums = totals(lines);
  const section = element("li", { className: "card draft" });
  section.append(
    element("div", { className: "titled" },
      element("h2", { text: customer?.name ?? t("no.customer") }),
      element("small", { text: [customer?.accountNum, dateOf(date), counted("lines.count", lines.length),
        t("saved.at", { time: ago(draft.updatedAt) })].filter(Boolean).join(" · ") }),
      element("span", { className: "sum", text: money(sums.total) }),
      element("span", { className: "buttons" },
        element("a", { className: "button", href: `/order-form#draft=${draft.id}`, text: t("edit") }),
        element("button", { type: "button", className: "quiet", text: t("print"), onclick: () => print(section) }),
        sure(t("delete"), () => remove(draft)))),
    lineTable(lines, sums));
  if (note) section.append(element("p", { className: "note", text: note }));
  return section;
}

function lineTable(lines, sums) {
  const head = ["product", "quantity", "price", "vat", "amount"].map((code, place) =>
    element("th", { scope: "col", className: place ? "n" : "", text: t(code) }));
  const rows = lines.map((line) => element("tr", {},
    element("td", {}, element("b", { text: line.name }), " ",
      element("small", { text: [line.itemId, line.description].filter(Boolean).join(" · ") })),
    element("td", { className: "n", text: amount(line.quantity) }),
    element("td", { className: "n", text: money(line.unitPrice)
      + (line.priceUnit && line.priceUnit !== 1000 ? ` ${t("price.per", { n: amount(line.priceUnit) })}` : "") }),
    element("td", { className: "n", text: line.vatPercent === null ? "~22 %" : percent(line.vatPercent) }),
    element("td", { className: "n", text: lineAmount(line) === null ? "–" : money(lineAmount(line)) })));
  const sumRow = (name, value, className = "") => element("tr", { className },
    element("th", { scope: "row", colSpan: 4, className: "n", text: name }), element("td", { className: "n", text: value }));
  const foot = [sumRow(t("net"), money(sums.net)),
    ...sums.vat.map(({ rate, assumed, net, vat }) =>
      sumRow(t(assumed ? "vat.assumed" : "vat.at", { rate: percent(rate), net: money(net) }), money(vat))),
    sumRow(t("total"), money(sums.total), "sum"),
    ...(sums.unpriced ? [sumRow(counted("total.partly", sums.unpriced), "", "wrong")] : [])];
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows),
    element("tfoot", {}, ...foot));
}

function print(section) {
  for (const other of document.querySelectorAll(".draft")) other.classList.toggle("printed", other === section);
  window.print();
}

async function remove(draft) {
  const { status, answer } = await call(`/api/drafts/${draft.id}`, {
    method: "DELETE", headers: { "If-Match": `"${draft.version}"` } });
  if (status !== 200) notice(answer.error);
  forget(draft.id);
  await load();
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
  document.addEventListener("keydown", (event) => {
    if (event.altKey && event.code === "KeyN") { event.preventDefault(); $("new").click(); }
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) load(); });
  await enter();
  await load();
  $("new").focus();
}

begin().catch((error) => notice(t("error", { text: error.message })));
