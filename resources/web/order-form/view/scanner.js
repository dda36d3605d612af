/*
 * A barcode scanner types digits and Enter wherever the focus happens to be. This module tells it from a person by its
 * pace, keeps the code out of the field it fell into, and has it added. Quantities ask about a code themselves.
 */
import * as actions from "../actions.js";
import { fastKeys, isDigits } from "../search.js";
import { now, update } from "../store.js";
import { t } from "../texts.js";
import { html } from "./html.js";

/** @type {import("../search.js").Key[]} */
let keys = [];

/** Listens to every key before its field does. @param {KeyboardEvent} event */
export function watchScanner(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.key.length === 1) {
    keys = event.repeat ? [] : [...keys.slice(-64), { key: event.key, time: event.timeStamp }];
    return;
  }
  if (event.key !== "Enter") { if (event.key !== "Shift") keys = []; return; }
  const code = fastKeys(keys, event.timeStamp);
  keys = [];
  if (code && taken(code, event.target)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

/** What to do with a code; false: its field deals with it. @param {string} code @param {EventTarget | null} target */
function taken(code, target) {
  if (!(target instanceof HTMLElement) || now().starting || target.matches(".quantity, #quantity, #paste-text")) return false;
  if (target.closest("dialog")) {
    // Enter would press the dialog's button.
    update({ blocked: { code, by: now().conflict ?? now().leaving ?? now().paste } });
    return true;
  }
  if (!isDigits(code)) return false;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement && target.type === "text") without(target, code);
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
