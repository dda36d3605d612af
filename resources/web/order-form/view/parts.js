/* Small parts of several views: modal dialogs, notes beside their place, numeric fields, buttons. */
import { now } from "../store.js";
import { rejectionOf } from "../keep.js";
import { decimalSign, t } from "../texts.js";
import { html } from "./html.js";

/** Attributes of a modal dialog that stays open until the state closes it. Chromium closes a dialog at the second Esc
 * even when `cancel` is prevented, so the key itself is prevented.
 * @param {(() => void) | null} leave Called by Esc; null: Esc does nothing. */
export const modal = (leave) => ({
  ref: show,
  onCancel: (/** @type {Event} */ event) => { event.preventDefault(); leave?.(); },
  onClose: (/** @type {Event} */ event) => { if (event.target instanceof HTMLDialogElement) show(event.target); },
  onKeyDown: (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (!event.repeat) leave?.();
  },
});

/** @param {HTMLDialogElement | null} dialog */
function show(dialog) {
  if (!dialog?.isConnected || dialog.open) return;
  dialog.showModal();
  /** @type {HTMLElement | null} */ (dialog.querySelector("[data-first]"))?.focus();
}

/** The note of a place. @param {import("../store.js").Place} place @param {string} [id] */
export function noteView(place, id = `note-${place}`) {
  const { [place]: note } = now().notes;
  return html`<p id=${id} class="notice" role="alert" hidden=${!note}>${note?.text}${note?.act
    ? [" ", html`<button type="button" class="quiet" onClick=${note.act}>${note.label}</button>`] : null}</p>`;
}

/** Why the panel rejected a draft in the outbox; "": it did not, or has not answered.
 * @param {import("../keep.js").Kept} entry */
export function rejectionText(entry) {
  const found = entry.kind === "send" ? rejectionOf(entry) : null, name = entry.document?.customer?.name ?? t("no.customer");
  if (!found) return "";
  if ("refused" in found) return t("late.refused", { name, text: found.refused });
  return t(found.conflict ? "untaken.conflict" : "untaken.deleted", { name });
}

/** The keypad's decimal key types the decimal sign of the language, as in spreadsheets. @param {KeyboardEvent} event */
export function keypadPoint(event) {
  const field = event.target;
  if (event.code !== "NumpadDecimal" || event.key === decimalSign || !(field instanceof HTMLInputElement)) return;
  event.preventDefault();
  field.setRangeText(decimalSign, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Capture the pointer, so that the click counts though the button moves between press and release.
 * @param {PointerEvent} event */
export function hold(event) {
  if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
}
