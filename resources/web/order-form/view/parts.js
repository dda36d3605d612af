/* Small parts of several views: a note beside the place it belongs to, numeric fields, buttons under the pointer. */
import { now } from "../store.js";
import { whyUntaken } from "../keep.js";
import { decimalSign, t } from "../texts.js";
import { html } from "./html.js";

/** What a dialog needs to be modal and to stay until the state says otherwise. Chromium closes a dialog at the second Esc
 * whatever `cancel` says, so the key itself is taken.
 * @param {(() => void) | null} leave What Esc does; null: nothing. */
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

/** What was refused, next to where it happened. @param {import("../store.js").Place} place @param {string} [id] */
export function noteView(place, id = `note-${place}`) {
  const { [place]: note } = now().notes;
  return html`<p id=${id} class="notice" role="alert" hidden=${!note}>${note?.text}${note?.act
    ? [" ", html`<button type="button" class="quiet" onClick=${note.act}>${note.label}</button>`] : null}</p>`;
}

/** Why the panel did not take a draft that waits; "": it was not asked, or did not answer. @param {import("../keep.js").Kept} entry */
export function untakenText(entry) {
  const found = entry.kind === "send" ? whyUntaken(entry) : null, name = entry.document?.customer?.name ?? t("no.customer");
  if (!found) return "";
  if ("refused" in found) return t("late.refused", { name, text: found.refused });
  return t(found.conflict ? "untaken.conflict" : "untaken.deleted", { name });
}

/** The keypad's point is the decimal sign of the language, as in spreadsheets. @param {KeyboardEvent} event */
export function keypadPoint(event) {
  const field = event.target;
  if (event.code !== "NumpadDecimal" || event.key === decimalSign || !(field instanceof HTMLInputElement)) return;
  event.preventDefault();
  field.setRangeText(decimalSign, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** A press that began on a button ends on it, though the page moves meanwhile. @param {PointerEvent} event */
export function hold(event) {
  if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
}
