/* Rows pasted from a spreadsheet: they are parsed, looked up, and shown before any of them is added. */
import * as actions from "../actions.js";
import { need, productOf } from "../articles.js";
import { parseDiscounts } from "../money.js";
import { readQuantity } from "../quantity.js";
import { now, update } from "../store.js";
import { counted, language, problemText, t } from "../texts.js";
import { lineOf, newId } from "../value.js";
import { html } from "./html.js";
import { modal, noteView } from "./parts.js";
import { blockedView } from "./scanner.js";

/** @typedef {{ code: string, qtyText: string, discountText: string, product: any, state: "looking" | "found" | "missing" | "failed" | "left" }} PasteRow
 * `left`: it is not looked up, for its quantity cannot be read. */
/** @typedef {{ id: string, text: string, rows: PasteRow[] }} Paste */

const AT_ONCE = 4;

/** Common headings of the columns. */
const HEADS = { code: /^(cod|art|item|code|sku|ean)/i, quantity: /^(q|pezzi|pz|pcs|pieces|num)/i, discount: /^(sc|disc|%)/i };

/** The rows of a pasted table. A heading names the columns; without one the code is the first column, the quantity the
 * first column after it that holds numbers, the discount the next. A missing quantity is 1 in a table of codes only,
 * else it is left empty.
 * @param {string} text @returns {PasteRow[]} */
export function readRows(text) {
  const table = cellsOf(text).filter((row) => row.some(Boolean)), [first = []] = table;
  const headed = { code: placeOf(first, HEADS.code), quantity: placeOf(first, HEADS.quantity), discount: placeOf(first, HEADS.discount) };
  const isHeading = headed.code >= 0 && headed.quantity >= 0 && !/\d/.test(first[headed.code] + first[headed.quantity]);
  const rows = isHeading ? table.slice(1) : table;
  const at = isHeading ? headed : unheaded(rows), alone = rows.every((row) => row.length === 1);
  return rows.map((row) => {
    const qtyText = row[at.quantity] || (alone ? "1" : "");
    return { code: row[at.code] ?? "", qtyText, discountText: row[at.discount] ?? "", product: null,
      state: readQuantity(qtyText, language).problem ? "left" : "looking" };
  });
}

/** @param {string[]} heads @param {RegExp} pattern */
const placeOf = (heads, pattern) => heads.findIndex((head) => pattern.test(head));

/** @param {string[][]} rows */
function unheaded(rows) {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  let quantity = 1;
  while (quantity < columns - 1 && rows.some((row) => row[quantity])
    && rows.every((row) => !row[quantity] || readQuantity(row[quantity], language).problem === "number")) quantity += 1;
  if (!rows.some((row) => readQuantity(row[quantity] ?? "", language).problem === null)) quantity = 1;
  return { code: 0, quantity, discount: quantity + 1 };
}

/** Rows and cells of a text, as spreadsheets copy and export them: quotes around what holds a separator.
 * @param {string} text @returns {string[][]} */
function cellsOf(text) {
  const separator = text.includes("\t") ? "\t" : text.includes(";") ? ";" : "";
  if (!separator) return text.split(/\r\n|\r|\n/).map((row) => row.trim().split(/\s{2,}|\s(?=\S+$)/));
  const field = new RegExp(`(?:"((?:[^"]|"")*)"|([^${separator}\r\n]*))(${separator}|\r\n|\r|\n|$)`, "gy");
  const rows = [/** @type {string[]} */ ([])];
  for (const [, quoted, plain, end] of text.matchAll(field)) {
    rows[rows.length - 1].push((quoted?.replaceAll('""', '"') ?? plain).replace(/\s+/g, " ").trim());
    if (end !== separator) rows.push([]);
  }
  return rows;
}

/** Whether a pasted text is a table and not a single code. @param {string} text */
export const isTable = (text) => /\t|[\r\n]+\S/.test(text.trim());

/** Show the rows of a text, and look their articles up. @param {string} text */
export async function preview(text) {
  const id = newId(), rows = readRows(text);
  update({ paste: { id, text, rows } });
  let next = 0;
  const work = async () => {
    while (next < rows.length) {
      const at = next++;
      if (rows[at].state === "left") continue;
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

/** Why a row cannot be added; "": it can. @param {PasteRow} row */
function wrongWith(row) {
  const { problem } = readQuantity(row.qtyText, language);
  if (problem) return problemText({ code: `quantity.${problem}` });
  if (row.state !== "found") return t(`paste.${row.state}`);
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

/** The dialog, or null. */
export function pasteView() {
  const { paste } = now();
  if (!paste) return null;
  const wrong = paste.rows.map(wrongWith), looking = paste.rows.some(({ state }) => state === "looking");
  const good = wrong.filter((one) => !one).length;
  return html`<dialog id="paste" class="wide" aria-labelledby="paste-title" ...${modal(close)}>
    <h2 id="paste-title">${t("paste.title")}</h2>
    <p>${t("paste.text")}</p>
    <label for="paste-text" class="hidden">${t("paste.title")}</label>
    <textarea id="paste-text" rows="3" data-first value=${paste.text} placeholder=${"012345K2\t5\t50+10"}
      onInput=${(/** @type {any} */ event) => preview(event.target.value)}></textarea>
    <div class="scroll" tabindex="-1"><table><tbody>${paste.rows.map((row, at) => html`<tr key=${at} class=${wrong[at] && row.state !== "looking" ? "bad" : undefined}>
      <td>${row.code}</td><td>${row.product?.name ?? ""}</td><td class="n">${row.qtyText}</td><td class="n">${row.discountText}</td>
      <td class=${wrong[at] ? "wrong" : "good"}>${wrong[at] || "✓"}</td></tr>`)}</tbody></table></div>
    ${blockedView(paste)}${noteView("entry", "note-paste")}
    <p class="buttons"><button type="button" class="quiet" onClick=${close}>${t("cancel")}</button>
      <button type="button" id="paste-take" class="primary" disabled=${looking || !good} onClick=${take}>${counted("paste.take", good)}</button></p>
  </dialog>`;
}
