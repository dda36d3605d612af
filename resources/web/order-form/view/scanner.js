/*
 * A barcode scanner types digits and Enter into whatever element has the focus. This module recognises it by its speed,
 * removes the code from the field, and adds the article. The quantity fields are left out: they ask whether a text is a
 * code.
 */
import * as actions from "../actions.js";
import * as operations from "../operations.js";
import { fastKeys, isDigits } from "../search.js";
import { now, order, update } from "../store.js";
import { t } from "../texts.js";
import { html } from "./html.js";

/** @typedef {{ value: string, order: import("../value.js").Order, step: number }} Before The value of the field, the order and the id of
 * its last undo step before a key. */
/** @type {(import("../search.js").Key & { before: Before | null })[]} */
let keys = [];

/** Handles every key before its field does. @param {KeyboardEvent} event */
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
  if (code && handleCode(code, event.target, before)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Whether keys change the value of a field without being text in it. @param {EventTarget | null} target
 * @returns {target is HTMLInputElement | HTMLSelectElement} */
const isKeyed = (target) => target instanceof HTMLSelectElement || target instanceof HTMLInputElement && target.type === "date";

const lastStep = () => now().history.undo.at(-1)?.id ?? 0;

/** Restore the value that keys have changed.
 * @param {HTMLInputElement | HTMLSelectElement} field @param {Before} before */
function putBack(field, { value, order: orderThen, step }) {
  const { history } = now(), last = lastStep();
  if (last !== step) update({ history: { ...operations.takeBack(history, last), redo: [] } });
  field.value = value;
  if (last === step && order() !== orderThen) field.dispatchEvent(new Event("input", { bubbles: true })); // the keys belong to the step before
}

/** Handle a scanned code; false: its field handles it. @param {string} code @param {EventTarget | null} target
 * @param {Before | null} before Of a field in which the code is no text. */
function handleCode(code, target, before) {
  if (!(target instanceof HTMLElement) || now().starting || target.matches(".quantity, #quantity, #paste-text")) return false;
  if (target.closest("dialog")) {
    // Enter would press the dialog's button.
    update({ blocked: { code, by: now().conflict ?? now().leaving ?? now().paste } });
    return true;
  }
  if (!isDigits(code)) return false;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement && target.type === "text") removeCode(target, code);
  if (isKeyed(target) && before) putBack(target, before);
  actions.scan(code, target.id === "customer");
  return true;
}

/** Remove the code from the field. @param {HTMLInputElement | HTMLTextAreaElement} field @param {string} code */
function removeCode(field, code) {
  const end = field.selectionEnd ?? field.value.length, start = end - code.length;
  if (field.value.slice(start, end) !== code) return;
  field.setRangeText("", start, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** The message about a code that was scanned while this dialog was open. @param {object | null} dialog Its state. */
export function blockedView(dialog) {
  const { blocked } = now();
  return blocked && blocked.by === dialog ? html`<p class="wrong" role="alert">${t("scan.blocked", { code: blocked.code })}</p>` : null;
}
