/* The customer: the search box or the chosen customer, the message beside it, its note, and what was ordered before. */
import * as actions from "../actions.js";
import { isOverridden } from "../operations.js";
import { customerCodes } from "../search.js";
import { now, order } from "../store.js";
import { amount, dateText, t } from "../texts.js";
import { comboView, markedView } from "./combo.js";
import { html } from "./html.js";
import { noteView } from "./parts.js";

/** @type {import("./combo.js").Combo} */
export const customerCombo = {
  name: "customer", path: "/api/customers", codes: customerCodes, choose: actions.chooseCustomer,
  row: (c, words, twins) => html`<b>${markedView(c.name, words)}</b> <small class="code">${markedView(c.accountNum ?? c.key, words)}</small>${" "}
    <small>${markedView(details(c, twins), words)}</small>`,
  get none() { return t("customer.none"); },
};

/** Details that distinguish customers of the same name. @param {any} c @param {boolean} all */
const details = (c, all) => [c.city, c.street, c.vatNumber, c.fiscalCode, all && c.accountNum !== c.key ? `ID ${c.key}` : null]
  .filter(Boolean).join(" · ");

export function customerView() {
  const { said, history } = now(), { customer } = order();
  const undoable = said?.undo || said?.step && !isOverridden(history, said.step);
  return html`<section class="card" aria-labelledby="customer-title">
    <div class="titled">
      <h2 id="customer-title">${t("customer")}</h2>
      <p id="saved" class="saved" role="status" aria-live="polite" data-tone=${said?.tone}>${[said?.late, said?.text].filter(Boolean).join(" ")}${
        undoable ? [" ", html`<button type="button" class="quiet" onClick=${actions.undoSaid}>${t("undo")}</button>`] : null}</p>
    </div>
    ${customer ? chosenView(customer) : comboView(customerCombo, { "aria-labelledby": "customer-title", placeholder: t("customer.search") })}
    ${noteView("customer")}
    ${customer ? pastView(customer.id) : null}
  </section>`;
}

/** @param {import("../value.js").Customer} c */
function chosenView(c) {
  const { gone } = now();
  const about = [c.accountNum ?? c.id, c.city, c.street, c.vatNumber && `${t("customer.vat")} ${c.vatNumber}`, c.fiscalCode]
    .filter(Boolean).join(" · ");
  return html`<div id="customer-chosen" class="chosen"><b>${c.name}</b><small>${about}</small>
    <button type="button" id="change-customer" class="quiet" onClick=${actions.changeCustomer}>${t("customer.change")}</button>
    ${gone?.customerId === c.id ? html`<p class="wrong" role="status">${t("customer.gone", { time: gone.time })}</p>` : null}</div>`;
}

/** The last order and the usual articles, while the order has no line. @param {string} customerId */
function pastView(customerId) {
  const { past: found } = now();
  if (found?.customerId !== customerId || order().lines.length) return null;
  const { lines, at, usual } = found.past;
  if (!lines.length && !usual.length) return null;
  return html`<div id="past" class="past">
    ${lines.length ? html`<button type="button" id="past-last" class="quiet" onClick=${() => actions.addPast(lines)}>
      ${t("past.last", { date: at ? dateText(at) : "–", n: lines.length })}</button>` : null}
    ${usual.map((one) => html`<button type="button" class="quiet usual" key=${one.itemId} title=${one.description ?? ""}
      onClick=${() => actions.addPast([one])}>${t("past.usual", { name: one.name, n: amount(one.quantity) })}</button>`)}</div>`;
}
