/* The lines of the order: one row for each, drawn again only when it has changed. */
import * as actions from "../actions.js";
import { ASSUMED_VAT } from "../money.js";
import { now, order, view } from "../store.js";
import { ago, money, percent, priceText, problemText, t } from "../texts.js";
import { problemButtons } from "./entry.js";
import { Component, html } from "./html.js";
import { keypadPoint } from "./parts.js";

/** @typedef {import("../value.js").Line} Line */
/** @typedef {import("../value.js").LineView} LineView */

/** The table, with explicit roles: its rows are CSS grids, for speed (style.css), and not every browser then reports
 * them to screen readers as a table. */
export function linesView() {
  const { lines } = order();
  return html`<div class="scroll" tabindex="-1">
    <table id="table" role="table" hidden=${!lines.length}>
      <thead role="rowgroup"><tr role="row">
        <th role="columnheader" scope="col">${t("product")}</th><th role="columnheader" scope="col" class="n">${t("quantity")}</th><th role="columnheader" scope="col" class="n">${t("price")}</th>
        <th role="columnheader" scope="col" class="n vat">${t("vat")}</th><th role="columnheader" scope="col" class="n">${t("amount")}</th>
        <th role="columnheader"><span class="hidden">${t("actions")}</span></th></tr></thead>
      <tbody id="lines" role="rowgroup">${lines.map((line) => html`<${Row} key=${line.id} line=${line} view=${view().lines.get(line.id)}
        failed=${now().articles[line.itemId]?.state === "failed"} />`)}</tbody>
    </table>
    <p id="no-lines" class="empty" hidden=${lines.length > 0}>${t("lines.none")}</p>
  </div>`;
}

/** @extends {Component<{ line: Line, view: LineView, failed: boolean }>} */
class Row extends Component {
  /** @override @param {{ line: Line, view: LineView, failed: boolean }} next */
  shouldComponentUpdate(next) {
    return next.line !== this.props.line || next.failed !== this.props.failed || next.view !== this.props.view;
  }

  /** @override @param {{ line: Line, view: LineView, failed: boolean }} props */
  render({ line, view: seen, failed }) {
    const price = line.free ? t("free.short") : seen.waiting ? "…" : priceText(line.unitPrice, line.priceUnit);
    return html`<tr role="row" data-line=${line.id} class=${line.free ? "free" : undefined}>
      <td role="cell" class="what"><b>${line.name}</b> <small>${[line.itemId, line.description].filter(Boolean).join(" · ")}</small>
        ${detailsView(line, seen)}${problemView(line, seen)}${checkView(line, seen)}</td>
      <td role="cell" class="n"><input id=${`quantity-${line.id}`} type="text" inputmode="decimal" size="7" class="quantity" autocomplete="off" value=${line.qtyText}
        aria-label=${t("quantity.of", { name: line.name })} aria-invalid=${seen.problem && seen.problem.code !== "discount.wrong" ? "true" : undefined}
        aria-describedby=${seen.problem ? `problem-${line.id}` : undefined}
        onInput=${(/** @type {any} */ event) => actions.typeLine(line.id, "qtyText", event.target.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => quantityKey(event, line.id)} onBlur=${actions.endStep} /></td>
      <td role="cell" class=${line.unitPrice === null && !line.free ? "n wrong" : "n"} title=${line.priceAsOf ? t("price.asof", { time: ago(line.priceAsOf) }) : undefined}>
        ${failed && line.unitPrice === null ? t("price.unread") : price}</td>
      <td role="cell" class="n vat">${line.free ? "–" : line.vatPercent === null ? `~${percent(ASSUMED_VAT)}` : percent(line.vatPercent)}</td>
      <td role="cell" class="n">${seen.amount === null ? "–" : money(seen.amount)}</td>
      <td role="cell"><button type="button" class="quiet remove" aria-label=${t("remove", { name: line.name })}
        onClick=${() => actions.removeLine(line.id)}>✕</button></td>
    </tr>`;
  }
}

/** Discounts, free goods and the line's note, in a `details` element. @param {Line} line @param {LineView} seen */
function detailsView(line, seen) {
  const used = [line.discountText && `−${line.discountText} %`, line.free && t("free"), line.note].filter(Boolean).join(" · ");
  return html`<details class="more"><summary>${used || t("more")}</summary>
    <label>${t("discount")} <input type="text" inputmode="decimal" size="9" autocomplete="off" value=${line.discountText} maxlength="60"
      placeholder="50+10+5" aria-invalid=${seen.problem?.code === "discount.wrong" ? "true" : undefined}
      onInput=${(/** @type {any} */ event) => actions.typeLine(line.id, "discountText", event.target.value)}
      onKeyDown=${keypadPoint} onBlur=${actions.endStep} /></label>
    <label><input type="checkbox" checked=${line.free} onInput=${(/** @type {any} */ event) => actions.changeLine(line.id, { free: event.target.checked })} />${" "}
      ${t("free")}</label>
    <label class="grow">${t("line.note")} <input type="text" maxlength="500" value=${line.note}
      onInput=${(/** @type {any} */ event) => actions.typeLine(line.id, "note", event.target.value)} onBlur=${actions.endStep} /></label>
  </details>`;
}

/** @param {Line} line @param {LineView} seen */
function problemView(line, { problem }) {
  if (!problem) return null;
  const field = () => document.getElementById(`quantity-${line.id}`)?.focus();
  return html`<p id=${`problem-${line.id}`} class="wrong" role="alert">${problemText(problem)} ${problemButtons(problem, {
    use: (text) => { actions.typeLine(line.id, "qtyText", text); field(); },
    sure: () => { actions.changeLine(line.id, { sure: true }); field(); },
    scan: () => actions.scanInstead(line.id),
  })}</p>`;
}

/** @param {Line} line @param {LineView} seen */
function checkView(line, { check }) {
  if (!check) return null;
  if ("gone" in check) return html`<p class="wrong">${t("price.gone")}</p>`;
  return html`<p class="wrong">${t("price.changed", { old: money(check.old), now: money(check.now.unitPrice) })} <button type="button"
    class="quiet" onClick=${() => actions.takeNewPrice(line.id)}>${t("price.use")}</button></p>`;
}

/** @param {KeyboardEvent} event @param {string} id */
function quantityKey(event, id) {
  keypadPoint(event);
  if (event.key === "Enter" && !event.ctrlKey) {
    event.preventDefault();
    if (!view().lines.get(id)?.problem) document.getElementById("product")?.focus();
  } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault();
    actions.stepLine(id, event.key === "ArrowUp" ? 1 : -1);
  } else if (event.key === "Delete" && event.ctrlKey) {
    event.preventDefault();
    actions.removeLine(id);
  }
}
