/*
 * The state of the search boxes, and how keys and answers change it; pure functions, no page and no network.
 *
 * An Enter that comes before the answer waits for it (`wanted`). Only an exact match or the only match is chosen by
 * itself; several open the list, and there Enter chooses the marked one.
 */

/**
 * @template T
 * @typedef {object} Box
 * @property {string} text As typed.
 * @property {string | null} answered The text for which `items` were found; null: there was no answer yet.
 * @property {T[]} items
 * @property {string} failed The error of the search; "": none.
 * @property {boolean} open
 * @property {number} active Marked item, -1: none.
 * @property {boolean} wanted Enter was pressed before the answer.
 */
/**
 * @template T
 * @typedef {{ box: Box<T>, take: T | null }} Decision `take`: the item to choose.
 */

/** The longest pause between two keys of a scanner, in milliseconds; people are slower. */
const SCANNER_PACE = 35;
const SHORTEST_SCAN = 6;

/** @returns {Box<any>} */
export const emptyBox = () =>
  ({ text: "", answered: null, items: [], failed: "", open: false, active: -1, wanted: false });

/** The text has changed; a waiting Enter belonged to the text before.
 * @template T @param {Box<T>} box @param {string} text @returns {Box<T>} */
export const typed = (box, text) =>
  ({ ...box, text, wanted: false, ...(text.trim() ? {} : { open: false, items: [], answered: null, active: -1 }) });

/** @template T @param {Box<T>} box @returns {Box<T>} */
export const closed = (box) => ({ ...box, open: false, active: -1, wanted: false });

/** The items may be incomplete: the text has to be searched for again. @template T @param {Box<T>} box @returns {Box<T>} */
export const outdated = (box) => ({ ...box, answered: null, items: [], failed: "", active: -1 });

/** The text to search for, without spaces around it. @param {Box<any>} box */
export const asked = (box) => box.text.trim();

/** An answer has come; `items` is the error when it is a text. An answer for another text is dropped.
 * @template T @param {Box<T>} box @param {string} text @param {T[] | string} items @param {boolean} focused
 * @param {(item: T) => string[]} codes @returns {Decision<T>} */
export function answered(box, text, items, focused, codes) {
  if (asked(box) !== text) return { box, take: null };
  const marked = box.items[box.active];
  const failed = typeof items === "string" ? items : "", found = typeof items === "string" ? [] : items;
  const again = marked === undefined ? -1 : found.findIndex((item) => codes(item)[0] === codes(marked)[0]);
  const next = { ...box, answered: text, items: found, failed, open: focused || box.wanted,
    active: again < 0 ? sureOf(found, text, codes) : again };
  return box.wanted && !failed ? entered(next, codes) : { box: { ...next, wanted: false }, take: null };
}

/** Enter is pressed. @template T @param {Box<T>} box @param {(item: T) => string[]} codes
 * @returns {Decision<T>} */
export function entered(box, codes) {
  const text = asked(box);
  if (!text) return { box, take: null };
  if (box.answered !== text || box.failed) return { box: { ...box, wanted: true }, take: null };
  const chosen = box.open && box.active >= 0 ? box.active : sureOf(box.items, text, codes);
  if (chosen < 0) return { box: { ...box, open: true, wanted: false }, take: null };
  return { box: closed(box), take: box.items[chosen] };
}

/** Up or down in the list. @template T @param {Box<T>} box @param {1 | -1} step @returns {Box<T>} */
export function moved(box, step) {
  const count = box.items.length;
  if (!count) return box;
  const from = box.active < 0 ? (step > 0 ? -1 : count) : box.active;
  return { ...box, open: true, active: (from + step + count) % count };
}

/** Index of the exact match or the only one; -1: there is none.
 * @template T @param {T[]} items @param {string} text @param {(item: T) => string[]} codes */
function sureOf(items, text, codes) {
  const exact = exactOf(items, text, codes);
  return exact >= 0 ? exact : items.length === 1 ? 0 : -1;
}

/** The one item with exactly this code, or null. @template T @param {T[]} items @param {string} text
 * @param {(item: T) => string[]} codes @returns {T | null} */
export const exact = (items, text, codes) => items[exactOf(items, text, codes)] ?? null;

/** @template T @param {T[]} items @param {string} text @param {(item: T) => string[]} codes */
function exactOf(items, text, codes) {
  const wanted = bare(text);
  const hits = items.flatMap((item, at) => codes(item).some((code) => bare(code) === wanted) ? [at] : []);
  return hits.length === 1 ? hits[0] : -1;
}

/** A code without spaces, signs and the country code of a VAT number, in lower case. @param {string} code */
export const bare = (code) => code.toLowerCase().replace(/[\s.\-/]/g, "").replace(/^it(?=\d{11}$)/, "");

/** The codes that identify a customer. @param {any} c @returns {string[]} */
export const customerCodes = (c) => [c.key, c.accountNum, c.vatNumber, c.fiscalCode].filter(Boolean).map(String);
/** @param {any} p @returns {string[]} */
export const productCodes = (p) => [p.itemId].filter(Boolean).map(String);

/** @typedef {{ key: string, time: number }} Key A key that types a character, and its time in milliseconds. */

/** The code that a scanner has typed before its Enter; "": the last keys came from a person.
 * @param {Key[]} keys @param {number} enterTime */
export function fastKeys(keys, enterTime) {
  let from = keys.length, next = enterTime;
  while (from > 0 && next - keys[from - 1].time <= SCANNER_PACE) next = keys[from -= 1].time;
  const code = keys.slice(from).map(({ key }) => key).join("");
  return code.length >= SHORTEST_SCAN ? code : "";
}

/** Whether a fast text consists of digits, as scanned codes do; one with letters may also come from a keyboard macro.
 * @param {string} code */
export const isDigits = (code) => /^\d+$/.test(code);

/** A text in parts, those that match a word of the search marked. @param {string} text @param {string[]} words
 * @returns {{ text: string, hit: boolean }[]} */
export function marked(text, words) {
  const parts = [];
  let left = String(text ?? "");
  while (left) {
    const lower = left.toLowerCase();
    const hits = words.filter(Boolean).map((word) => ({ at: lower.indexOf(word), length: word.length })).filter(({ at }) => at >= 0);
    if (!hits.length || lower.length !== left.length) { parts.push({ text: left, hit: false }); break; }
    const { at, length } = hits.sort((a, b) => a.at - b.at)[0];
    if (at) parts.push({ text: left.slice(0, at), hit: false });
    parts.push({ text: left.slice(at, at + length), hit: true });
    left = left.slice(at + length);
  }
  return parts;
}
