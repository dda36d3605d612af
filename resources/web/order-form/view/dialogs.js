/* The dialogs: access to the panel, two versions of a draft side by side, and an unfinished entry row when the form is
 * left. */
import * as actions from "../actions.js";
import { retryAccess } from "../network.js";
import { now, update } from "../store.js";
import { ago, dateText, language, money, t } from "../texts.js";
import { fromDocument, judge } from "../value.js";
import { html } from "./html.js";
import { modal } from "./parts.js";
import { blockedView } from "./scanner.js";

/** @param {import("../network.js").AccessPrompt} prompt */
export function accessPromptView(prompt) {
  return prompt && html`<dialog id="access" aria-labelledby="access-title" ...${modal(null)}>
    <h2 id="access-title">${t("access.title")}</h2><p id="access-text">${prompt.text}</p>
    <p class="buttons"><button type="button" id="access-retry" hidden=${!prompt.retry} data-first onClick=${retryAccess}>${t("access.retry")}</button></p></dialog>`;
}

/** The title gets the focus, so that a key meant for the form below presses no button. */
export function conflictView() {
  const { conflict } = now();
  if (!conflict) return null;
  const { mine, current, opening } = conflict;
  const theirs = current ? fromDocument(current, language) : null;
  return html`<dialog id="conflict" class="wide" aria-labelledby="conflict-title" ...${modal(null)}>
    <h2 id="conflict-title" tabindex="-1" data-first>${t("conflict.title")}</h2>
    <p id="conflict-text">${t(opening ? "conflict.opening" : current ? "conflict.text" : "conflict.deleted", { name: mine.customer?.name ?? t("no.customer") })}</p>
    <div class="sides">${sideOf(t("conflict.mine"), mine, theirs)}${theirs
      ? sideOf(t("conflict.theirs", { time: ago(current.updatedAt) }), theirs, mine) : html`<p class="wrong">${t("conflict.gone")}</p>`}</div>
    ${blockedView(conflict)}<p class="buttons"><button type="button" id="conflict-open" disabled=${!current} onClick=${actions.takeStored}>${t("conflict.open")}</button>
      ${current ? html`<button type="button" id="conflict-mine" onClick=${actions.keepMine}>${t(opening ? "conflict.go" : "conflict.replace")}</button>` : null}
      <button type="button" id="conflict-copy" class="primary" onClick=${actions.keepAsCopy}>${t("conflict.copy")}</button></p>
  </dialog>`;
}

/** One version, with what differs from the other marked.
 * @param {string} title @param {import("../value.js").Order} order
 * @param {import("../value.js").Order | null} other */
function sideOf(title, order, other) {
  const rows = rowsOf(order), others = new Set(other ? rowsOf(other) : rows);
  return html`<section><h3>${title}</h3><ul>${rows.map((row) => html`<li>${others.has(row) ? row : html`<mark>${row}</mark>`}</li>`)}</ul></section>`;
}

/** @param {import("../value.js").Order} order @returns {string[]} */
function rowsOf(order) {
  const seen = judge(order, {}, now().day, language);
  return [order.customer?.name ?? t("no.customer"), order.date ? dateText(order.date) : t("date.today"),
    ...order.lines.map((line) => [line.itemId, line.name, `× ${line.qtyText}`, line.discountText && `−${line.discountText} %`,
      line.free && t("free"), line.note].filter(Boolean).join(" ")),
    order.note, order.deliveryAddress, order.desiredDate && dateText(order.desiredDate), `${t("net")} ${money(seen.sums.net)}`]
    .filter((row) => row !== "");
}

export function leavingView() {
  const { leaving, entry, product } = now();
  if (!leaving) return null;
  const stayHere = () => { update({ leaving: null }); document.getElementById(entry.product ? "quantity" : "product")?.focus(); };
  const add = () => { update({ leaving: null }); if (actions.addEntry()) leaving.go(); };
  const what = entry.product ? `${entry.product.name ?? entry.product.itemId} × ${entry.qtyText}` : product.text;
  return html`<dialog id="leaving" aria-labelledby="leaving-title" ...${modal(stayHere)}>
    <h2 id="leaving-title">${t("leaving.title")}</h2><p>${t("leaving.text", { what })}</p>${blockedView(leaving)}
    <p class="buttons"><button type="button" onClick=${leaving.go}>${t("leaving.go")}</button>
      <button type="button" onClick=${stayHere}>${t("leaving.stay")}</button>
      ${entry.product ? html`<button type="button" id="leaving-add" class="primary" data-first onClick=${add}>${t("leaving.add")}</button>` : null}</p>
  </dialog>`;
}
