/*
 * A barcode scanner types digits and Enter wherever the focus happens to be. This module tells it from a person by its
 * pace, keeps the code out of the field it fell into, and has it added. Quantities ask about a code themselves.
 */
import * as actions from "../actions.js";
import * as operations from "../operations.js";
import { fastKeys, isDigits } from "../search.js";
import { now, order, update } from "../store.js";
import { t } from "../texts.js";
import { html } from "./html.js";

/** @typedef {{ value: string, order: import("../value.js").Order, step: number }} Before What a field and the order were before a key, and
 * the last step then. */
/** @type {(import("../search.js").Key & { before: Before | null })[]} */
let keys = [];

/** Listens to every key before its field does. @param {KeyboardEvent} event */
export function watchScanner(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.key.length === 1) {
    const { target } = event, before = isKeyed(target) ? { value: target.value, order: order(), step: lastStep() } : null;
    keys = event.repeat ? [] : [...keys.slice(-64), { key: event.key, time: event.timeStamp, before }];
    return;
  }
  if (event.key !== "Enter") { if (event.key !== "Shift") keys = []; return; }
  const code = fastKeys(keys, event.timeStamp), before = keys.at(-code.length)?.before ?? null;
  keys = [];
  if (code && taken(code, event.target, before)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

/** A field whose value keys change without being text in it. @param {EventTarget | null} target
 * @returns {target is HTMLInputElement | HTMLSelectElement} */
const isKeyed = (target) => target instanceof HTMLSelectElement || target instanceof HTMLInputElement && target.type === "date";

const lastStep = () => now().history.undo.at(-1)?.id ?? 0;

/** Put back what keys have changed. @param {HTMLInputElement | HTMLSelectElement} field @param {Before} before */
function putBack(field, { value, order: orderThen, step }) {
  const { history } = now(), last = lastStep();
  if (last !== step) update({ history: { ...operations.takeBack(history, last), redo: [] } });
  field.value = value;
  if (last === step && order() !== orderThen) field.dispatchEvent(new Event("input", { bubbles: true })); // a part of the step before
}

/** What to do with a code; false: its field deals with it. @param {string} code @param {EventTarget | null} target
 * @param {Before | null} before Of a field in which the code is no text. */
function taken(code, target, before) {
  if (!(target instanceof HTMLElement) || now().starting || target.matches(".quantity, #quantity, #paste-text")) return false;
  if (target.closest("dialog")) {
    // Enter would press the dialog's button.
    update({ blocked: { code, by: now().conflict ?? now().leaving ?? now().paste } });
    return true;
  }
  if (!isDigits(code)) return false;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement && target.type === "text") without(target, code);
  if (isKeyed(target) && before) putBack(target, before);
  if (target.id === "customer") actions.scanCustomer(code);
  else actions.scan(code);
  return true;
}

/** Take the code out of the field. @param {HTMLInputElement | HTMLTextAreaElement} field @param {string} code */
function without(field, code) {
  const end = field.selectionEnd ?? field.value.length, start = end - code.length;
  if (field.value.slice(start, end) !== code) return;
  field.setRangeText("", start, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** A code that was scanned while this dialog was open. @param {object | null} dialog */
export function blockedView(dialog) {
  const { blocked } = now();
  return blocked && blocked.by === dialog ? html`<p class="wrong" role="alert">${t("scan.blocked", { code: blocked.code })}</p>` : null;
}
