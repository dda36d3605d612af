/* The row where the next article is entered, with its price, rules and problem, and the scanned codes that are not
 * added yet. */
import * as actions from "../actions.js";
import { priceFor } from "../prices.js";
import { rules } from "../quantity.js";
import { productCodes } from "../search.js";
import { emptyEntry, now, order, update } from "../store.js";
import { ago, amount, priceText, problemText, ruleText, t } from "../texts.js";
import { dateOf, quantityText } from "../value.js";
import { comboView, markedView } from "./combo.js";
import { html } from "./html.js";
import { keypadPoint, noteView } from "./parts.js";

/** @type {import("./combo.js").Combo} */
export const productCombo = {
  name: "product", path: "/api/products", codes: productCodes, choose: actions.chooseProduct,
  cleared: () => { if (now().entry.product) update({ entry: emptyEntry() }); },
  row: (p, words) => html`<b>${markedView(p.name ?? p.itemId, words)}</b>${" "}
    <small>${markedView([p.itemId, p.description].filter(Boolean).join(" · "), words)}</small>
    ${p.packageContent ? [" ", html`<small class="tag">${t("rule.package", { n: p.packageContent })}</small>`] : null}
    ${p.stopped ? [" ", html`<small class="tag bad">${t("product.stopped")}</small>`] : null}`,
  get none() { return t("product.none"); },
};

export function entryView() {
  const { entry } = now(), { problem } = actions.entryView();
  return html`<form id="entry" class="entry" novalidate onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); actions.addEntry(); }}>
    <div class="field grow"><label for="product">${t("product")}</label>
      ${comboView(productCombo, { placeholder: t("product.search") })}</div>
    <div class="field"><label for="quantity">${t("quantity")}</label>
      <input id="quantity" type="text" inputmode="decimal" autocomplete="off" aria-describedby="rules" size="8"
        value=${entry.qtyText} disabled=${!entry.product} aria-invalid=${problem ? "true" : undefined}
        onInput=${(/** @type {any} */ event) => actions.typeEntry(event.target.value)} onKeyDown=${keyDown} /></div>
    <div class="field price"><span class="label">${t("price")}</span>${priceView()}</div>
    <button type="submit" id="add" disabled=${!entry.product}>${t("add")}</button>
    ${rulesView()}
  </form>${scansView()}${noteView("entry")}`;
}

/** @param {KeyboardEvent} event */
function keyDown(event) {
  keypadPoint(event);
  if (!["ArrowUp", "ArrowDown", "Escape"].includes(event.key)) return;
  event.preventDefault();
  if (event.key === "Escape") actions.clearEntry();
  else actions.stepEntry(event.key === "ArrowUp" ? 1 : -1);
}

function priceView() {
  const { entry: { product }, articles, day } = now(), { quantity } = actions.entryView();
  const article = product ? articles[product.itemId] : undefined;
  if (!product) return html`<output id="price">–</output>`;
  if (article?.state === "failed") return html`<output id="price">${t("price.unread")}</output>`;
  if (article?.state !== "ready") return html`<output id="price">…</output>`;
  const price = priceFor(article.prices, { group: order().group, date: dateOf(order(), day), quantity: quantity ?? 1000 });
  return html`<output id="price" title=${article.asOf ? t("price.asof", { time: ago(article.asOf) }) : undefined}>${
    price ? priceText(price.unitPrice, price.priceUnit) : t("price.none")}</output>`;
}

function rulesView() {
  const { entry } = now(), { problem, others } = actions.entryView();
  if (!entry.product) return html`<p id="rules" class="rules"></p>`;
  if (!problem) {
    const words = ruleText(rules(entry.product), entry.product.packageContent);
    const there = others ? t("rule.there", { n: amount(others) }) : "";
    return html`<p id="rules" class="rules" role="status">${[words, there].filter(Boolean).join(" · ")}</p>`;
  }
  return html`<p id="rules" class="rules wrong" role="status">${problemText(problem)} ${problemButtons(problem, {
    use: (better) => { actions.typeEntry(better); document.getElementById("quantity")?.focus(); },
    sure: () => { update({ entry: { ...now().entry, sure: true } }); document.getElementById("quantity")?.focus(); },
    scan: () => actions.scanInstead(null),
  })}</p>`;
}

/** The buttons that correct a quantity. @param {import("../value.js").Problem} problem
 * @param {{ use: (text: string) => void, sure: () => void, scan: () => void }} acts */
export function problemButtons({ code, params }, { use, sure, scan }) {
  if (code === "quantity.suspicious") {
    return [html`<button type="button" class="quiet" onClick=${scan}>${t("scan.instead")}</button>`, " ",
      html`<button type="button" class="quiet" onClick=${sure}>${t("quantity.sure")}</button>`];
  }
  const better = Number(params?.better ?? 0);
  if (better <= 0) return null;
  return html`<button type="button" class="quiet" onClick=${() => use(quantityText(better, document.documentElement.lang))}>${
    t("rule.use", { n: amount(better) })}</button>`;
}

/** The scanned codes that are not added yet; one that was scanned several times is shown once, with the number. */
function scansView() {
  /** @type {Map<string, import("../store.js").Scan & { count: number }>} */
  const shown = new Map();
  for (const scan of now().scans) {
    const key = `${scan.state} ${scan.code}`;
    shown.set(key, { ...scan, count: (shown.get(key)?.count ?? 0) + 1 });
  }
  return [...shown].map(([key, { code, state, count }]) => html`<p key=${key} class=${state === "looking" ? "scan" : "scan wrong"} role="status">
    ${t(`scan.${state}`, { code })}${count > 1 ? ` (× ${count})` : ""}
    ${state === "failed" ? html`<button type="button" class="quiet" onClick=${() => actions.retryScan(code)}>${t("panel.retry")}</button> ` : null}
    ${state === "looking" ? null : html`<button type="button" id=${`scan-${code}`} class="quiet" onClick=${() => { actions.forgetScan(code); document.getElementById("product")?.focus(); }}>${t("scan.forget")}</button>`}</p>`);
}
