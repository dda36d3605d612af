/* A search box with a list, usable by keyboard alone (ARIA combobox), and its requests. */
import { read } from "../network.js";
import { answered, asked, closed, emptyBox, entered, marked, moved, outdated, typed } from "../search.js";
import { now, update } from "../store.js";
import { t } from "../texts.js";
import { html } from "./html.js";

const PAUSE = 120; // ms after the last key

/**
 * @typedef {object} Combo
 * @property {"customer" | "product"} name Of its box in the state; also the id of the field.
 * @property {string} path The URL path of the search, without the query.
 * @property {(item: any) => string[]} codes
 * @property {(item: any) => void} choose
 * @property {(text: string) => void} [cleared] Called when the text has changed.
 * @property {(item: any, words: string[], twins: boolean) => any} row `twins`: another hit has the same name.
 * @property {string} none The text when nothing is found.
 */

/** @type {Record<string, { timer: number, abort: AbortController | null }>} */
const work = { customer: { timer: 0, abort: null }, product: { timer: 0, abort: null } };

/** @param {Combo} combo */
const boxOf = ({ name }) => now()[name];

/** Search for the text of the box, after a pause in milliseconds. @param {Combo} combo @param {number} [after] */
export function refresh(combo, after = 0) {
  const mine = work[combo.name];
  clearTimeout(mine.timer);
  mine.timer = setTimeout(() => ask(combo), after);
}

/** The rows behind the box have changed: search again if the list is shown or an answer is awaited, else at the
 * next key or focus.
 * @param {Combo} combo */
export function rowsChanged(combo) {
  const box = boxOf(combo);
  if (box.open || work[combo.name].abort) refresh(combo);
  else if (box.answered !== null) update({ [combo.name]: outdated(box) });
}

/** @param {Combo} combo */
async function ask(combo) {
  const mine = work[combo.name], text = asked(boxOf(combo));
  mine.abort?.abort();
  if (!text) return;
  const abort = mine.abort = new AbortController();
  /** @type {any[] | string} */
  let items;
  try {
    ({ rows: items } = await read(`${combo.path}?limit=20&ranked=true&search=${encodeURIComponent(text)}`, abort.signal));
  } catch (error) {
    if (abort.signal.aborted) return;
    items = error instanceof Error ? error.message : String(error);
  }
  if (mine.abort !== abort) return;
  mine.abort = null;
  const focused = document.activeElement?.id === combo.name;
  decide(combo, answered(boxOf(combo), text, items, focused, combo.codes));
}

/** @param {Combo} combo @param {import("../search.js").Decision<any>} decision */
function decide(combo, { box, take }) {
  update({ [combo.name]: box });
  if (take !== null) {
    stop(combo);
    combo.choose(take);
  }
}

/** @param {Combo} combo */
function stop(combo) {
  const mine = work[combo.name];
  clearTimeout(mine.timer);
  mine.abort?.abort();
  mine.abort = null;
}

/** @param {Combo} combo @param {KeyboardEvent} event */
function keyDown(combo, event) {
  const box = boxOf(combo);
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp":
      if (box.answered !== asked(box)) refresh(combo);
      else update({ [combo.name]: moved(box, event.key === "ArrowDown" ? 1 : -1) });
      break;
    case "Enter": {
      if (!asked(box)) return;
      const decision = entered(box, combo.codes);
      decide(combo, decision);
      if (decision.box.wanted) refresh(combo);
      break;
    }
    case "Escape":
      if (!box.open) return;
      update({ [combo.name]: closed(box) });
      break;
    default:
      return;
  }
  event.preventDefault();
}

/** @param {Combo} combo @param {string} text */
function type(combo, text) {
  update({ [combo.name]: typed(boxOf(combo), text) });
  combo.cleared?.(text);
  if (text.trim()) refresh(combo, PAUSE);
  else stop(combo);
}

/** The field has lost the focus: close its list; the answer to a pending Enter moves the focus no more. When the whole
 * window loses the focus, the field stays the active element, and nothing ends. @param {Combo} combo */
function left(combo) {
  const box = boxOf(combo), wanted = box.wanted && document.activeElement?.id === combo.name;
  if (box.open || box.wanted !== wanted) update({ [combo.name]: { ...box, open: false, active: -1, wanted } });
}

/** @param {Combo} combo @param {object} attributes Of the input. */
export function comboView(combo, attributes) {
  const box = boxOf(combo), list = `options-${combo.name}`;
  const active = box.open && box.active >= 0 ? `${list}-${box.active}` : undefined;
  return html`<div class="combo">
    <input id=${combo.name} type="text" autocomplete="off" spellcheck="false" role="combobox" aria-autocomplete="list"
      aria-expanded=${String(box.open)} aria-controls=${list} aria-activedescendant=${active} value=${box.text} ...${attributes}
      onInput=${(/** @type {any} */ event) => type(combo, event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => keyDown(combo, event)}
      onFocus=${() => { if (asked(box) && box.answered !== asked(box) && !now().entry.product) refresh(combo); }}
      onBlur=${() => left(combo)} />
    <ul id=${list} class="options" role="listbox" aria-label=${t(combo.name)} hidden=${!box.open}
      onPointerDown=${(/** @type {PointerEvent} */ event) => event.preventDefault()}>${box.open ? options(combo, list) : null}</ul>
  </div>`;
}

/** @param {Combo} combo @param {string} list */
function options(combo, list) {
  const { items, active, answered: text, failed } = boxOf(combo);
  if (!items.length) {
    return html`<li class="none" role="option" aria-disabled="true" aria-selected="false">${failed || combo.none}</li>`;
  }
  const words = (text ?? "").toLowerCase().split(/\s+/);
  const names = items.map((/** @type {any} */ item) => String(item.name ?? "").toLowerCase());
  return items.map((/** @type {any} */ item, /** @type {number} */ at) => html`<li key=${combo.codes(item)[0]} id=${`${list}-${at}`}
    role="option" aria-selected=${String(at === active)} ref=${at === active ? intoView : undefined}
    onPointerDown=${() => { stop(combo); update({ [combo.name]: emptyBox() }); combo.choose(item); }}>
    ${combo.row(item, words, names.indexOf(names[at]) !== names.lastIndexOf(names[at]))}</li>`);
}

/** @param {Element | null} option */
const intoView = (option) => option?.scrollIntoView({ block: "nearest" });

/** A text with the words of the search marked. @param {unknown} text @param {string[]} words */
export const markedView = (text, words) =>
  marked(String(text ?? ""), words).map(({ text: part, hit }) => hit ? html`<mark>${part}</mark>` : part);
