/* Rows pasted from a spreadsheet: read, looked up, shown before any of them is taken. */
import * as actions from "../actions.js";
import { need, productOf } from "../articles.js";
import { parseDiscounts } from "../money.js";
import { readQuantity } from "../quantity.js";
import { now, update } from "../store.js";
import { counted, language, problemText, t } from "../texts.js";
import { lineOf, newId } from "../value.js";
import { html } from "./html.js";

/** @typedef {{ code: string, qtyText: string, discountText: string, product: any, state: "looking" | "found" | "missing" | "failed" }} PasteRow */
/** @typedef {{ id: string, text: string, rows: PasteRow[] }} Paste */

const AT_ONCE = 4;

/** The rows of a pasted table: code, quantity, discount. @param {string} text @returns {PasteRow[]} */
export function readRows(text) {
  return text.split(/\r\n|\r|\n/).filter((row) => row.trim()).map((row) => {
    const cells = (row.includes("\t") ? row.split("\t") : row.split(/;|\s{2,}|\s(?=\S+$)/)).map((cell) => cell.trim());
    return { code: cells[0] ?? "", qtyText: cells[1] || "1", discountText: cells[2] ?? "", product: null, state: "looking" };
  });
}

/** Whether a pasted text is a table and not a code. @param {string} text */
export const isTable = (text) => /\t|[\r\n]+\S/.test(text.trim());

/** Show what these rows would become. @param {string} text */
export async function preview(text) {
  const id = newId(), rows = readRows(text);
  update({ paste: { id, text, rows } });
  let next = 0;
  const work = async () => {
    while (next < rows.length) {
      const at = next++;
      /** @type {Partial<PasteRow>} */
      let found;
      try {
        const product = await productOf(rows[at].code);
        found = product ? { product, state: "found" } : { state: "missing" };
      } catch {
        found = { state: "failed" };
      }
      const { paste } = now();
      if (paste?.id !== id) return; // closed, or another table
      update({ paste: { ...paste, rows: paste.rows.map((row, place) => place === at ? { ...row, ...found } : row) } });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** What keeps a row out; "": nothing. @param {PasteRow} row */
function wrongWith(row) {
  if (row.state !== "found") return t(`paste.${row.state}`);
  const { problem } = readQuantity(row.qtyText, language);
  if (problem) return problemText({ code: `quantity.${problem}` });
  return parseDiscounts(row.discountText) === null ? problemText({ code: "discount.wrong" }) : "";
}

const close = () => { update({ paste: null }); document.getElementById("product")?.focus(); };

function take() {
  const { paste } = now();
  const good = paste?.rows.filter((row) => !wrongWith(row)) ?? [];
  for (const row of good) need([row.product], row.product);
  const lines = good.map((row) => lineOf(row.product, row.qtyText, { discountText: row.discountText }));
  if (actions.addLines(lines, counted("paste.added", lines.length))) close();
}

/** The dialog; it is there while something is pasted. */
export function pasteView() {
  const { paste } = now();
  if (!paste) return null;
  const wrong = paste.rows.map(wrongWith), looking = paste.rows.some(({ state }) => state === "looking");
  const good = wrong.filter((one) => !one).length;
  return html`<dialog id="paste" class="wide" aria-labelledby="paste-title" ref=${show} onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); close(); }}>
    <h2 id="paste-title">${t("paste.title")}</h2>
    <p>${t("paste.text")}</p>
    <label for="paste-text" class="hidden">${t("paste.title")}</label>
    <textarea id="paste-text" rows="3" value=${paste.text} placeholder=${"012345K2\t5\t50+10"}
      onInput=${(/** @type {any} */ event) => preview(event.target.value)}></textarea>
    <div class="scroll" tabindex="-1"><table><tbody>${paste.rows.map((row, at) => html`<tr key=${at} class=${wrong[at] && row.state !== "looking" ? "bad" : undefined}>
      <td>${row.code}</td><td>${row.product?.name ?? ""}</td><td class="n">${row.qtyText}</td><td class="n">${row.discountText}</td>
      <td class=${wrong[at] ? "wrong" : "good"}>${wrong[at] || "✓"}</td></tr>`)}</tbody></table></div>
    <p class="buttons"><button type="button" class="quiet" onClick=${close}>${t("cancel")}</button>
      <button type="button" id="paste-take" class="primary" disabled=${looking || !good} onClick=${take}>${counted("paste.take", good)}</button></p>
  </dialog>`;
}

/** @param {HTMLDialogElement | null} dialog */
const show = (dialog) => {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  /** @type {HTMLElement | null} */ (dialog.querySelector("textarea"))?.focus();
};
