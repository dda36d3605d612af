/* The side: totals, delivery, note, and the buttons that save, undo and clear. */
import * as actions from "../actions.js";
import { now, order, view } from "../store.js";
import { counted, money, t, vatText } from "../texts.js";
import { isEmpty } from "../value.js";
import { html } from "./html.js";
import { hold, noteView } from "./parts.js";

export function sideView() {
  const current = order(), { entry, history, said } = now();
  return html`<aside class="card side" aria-labelledby="total-title">
    <h2 id="total-title">${t("total.title")}</h2>
    ${totalsView()}
    <label for="note">${t("note")}</label>
    <textarea id="note" rows="2" maxlength="2000" value=${current.note}
      onInput=${(/** @type {any} */ event) => actions.setOrder({ note: event.target.value }, "note")} onBlur=${actions.endStep}></textarea>
    ${deliveryView()}
    ${noteView("save", "notice")}
    <button type="button" id="save" class="primary" aria-keyshortcuts="Control+Enter" onPointerDown=${hold} onClick=${() => actions.save()}
      disabled=${isEmpty(current) && !entry.product}>${t("save")}</button>
    <p class="buttons">
      <button type="button" id="undo" class="quiet" aria-keyshortcuts="Control+Z" disabled=${!history.undo.length && !said?.undo} onClick=${actions.undo}>${t("undo.step")}</button>
      <button type="button" id="redo" class="quiet" aria-keyshortcuts="Control+Y" disabled=${!history.redo.length} onClick=${actions.redo}>${t("redo.step")}</button>
      <button type="button" id="clear" class="quiet" disabled=${isEmpty(current)} onPointerDown=${hold} onClick=${actions.clear}>${t("clear")}</button>
    </p>
    ${keysView()}
  </aside>`;
}

function totalsView() {
  const { net, vat, total, unpriced } = view().sums;
  return html`<dl id="totals">
    <dt>${t("net")}</dt><dd>${money(net)}</dd>
    ${vat.map((one) => [html`<dt key=${`t${one.rate}`}>${vatText(one)}</dt>`,
      html`<dd key=${`d${one.rate}`}>${money(one.vat)}</dd>`])}
    <dt class="sum">${t("total")}</dt><dd class="sum">${money(total)}</dd>
  </dl><p id="partly" class="wrong">${unpriced ? counted("total.partly", unpriced) : ""}</p>`;
}

function deliveryView() {
  const { deliveryAddress, desiredDate, customer } = order();
  const street = customer && [customer.name, customer.street, [customer.postalCode, customer.city].filter(Boolean).join(" ")].filter(Boolean).join("\n");
  return html`<details id="delivery" class="more" open=${Boolean(deliveryAddress || desiredDate) || undefined}><summary>${t("delivery")}</summary>
    <label>${t("delivery.date")} <input id="desired-date" type="date" value=${desiredDate}
      onInput=${(/** @type {any} */ event) => actions.setOrder({ desiredDate: event.target.value }, "desiredDate")} onBlur=${actions.endStep} /></label>
    <label for="delivery-address">${t("delivery.address")}</label>
    <textarea id="delivery-address" rows="3" maxlength="500" value=${deliveryAddress}
      onInput=${(/** @type {any} */ event) => actions.setOrder({ deliveryAddress: event.target.value }, "deliveryAddress")} onBlur=${actions.endStep}></textarea>
    ${customer && (customer.street || customer.city) ? html`<button type="button" id="customer-address" class="quiet"
      onClick=${() => actions.setOrder({ deliveryAddress: street ?? "" })}>${t("delivery.same")}</button>` : null}
  </details>`;
}

const KEYS = () => [
  [html`<kbd>${t("keys.enter")}</kbd>`, t("keys.next")], [html`<kbd>↑</kbd> <kbd>↓</kbd>`, t("keys.arrows")],
  [html`<kbd>Ctrl</kbd> <kbd>${t("keys.delete")}</kbd>`, t("keys.remove")],
  [html`<kbd>Ctrl</kbd> <kbd>${t("keys.enter")}</kbd>`, t("keys.save")],
  [html`<kbd>Ctrl</kbd> <kbd>Z</kbd> · <kbd>Y</kbd>`, t("keys.undo")],
  [html`<kbd>Alt</kbd> <kbd>C</kbd> · <kbd>A</kbd>`, `${t("keys.customer")} · ${t("keys.article")}`],
  [html`<kbd>Alt</kbd> <kbd>F</kbd>`, t("keys.done")],
];

const keysView = () => html`<dl class="keys" aria-label=${t("keys")}>${KEYS().map(([key, does]) => html`<dt>${key}</dt><dd>${does}</dd>`)}</dl>`;
