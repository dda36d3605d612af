/*
 * The form's one state and the only way to change it. After every change prices settle, the page is drawn, and what the
 * agent typed is kept; no other module holds anything that is shown.
 */
import { forget, keepCopy } from "./keep.js";
import * as operations from "./operations.js";
import { emptyBox } from "./search.js";
import { choice, settled } from "./storage.js";
import { language } from "./texts.js";
import { blank, isEmpty, judge, newId, settle, toDocument, today } from "./value.js";

/** @typedef {import("./value.js").Product} Product */
/** @typedef {{ product: Product | null, qtyText: string, sure: boolean }} Entry The row for the next line. */
/** @typedef {{ text: string, tone: "good" | "soft" | "warn", step?: number, undo?: () => void, aside?: string | null, late?: string }} Said
 * `step`, `undo`: how it is taken back. `aside`: the entry that keeps it until that is no longer offered. `late`: what an
 * answer has told meanwhile. */
/** @typedef {{ text: string, label?: string, act?: () => void }} Note */
/** @typedef {"top" | "customer" | "entry" | "save"} Place */
/** @typedef {{ code: string, order: string, state: "looking" | "missing" | "failed" }} Scan */
/** @typedef {{ mine: import("./value.js").Order, typed?: import("./keep.js").Typed, from: string, current: any, opening: boolean }} Conflict
 * `from`: the entry that keeps mine; `current`: what is stored, null: it was deleted. */
/** @typedef {{ lines: any[], at: string | null, usual: any[] }} Past What a customer ordered before. */
/**
 * @typedef {object} State
 * @property {operations.History} history The order, with what can be undone.
 * @property {boolean} touched The order differs from what is stored, whatever can be undone: it was taken up from this browser.
 * @property {string} work Which writing of the order this is (see keep.js).
 * @property {string | null} from Name of the entry from which the order was taken up, until the working copy has taken its place.
 * @property {Entry} entry
 * @property {import("./search.js").Box<any>} customer
 * @property {import("./search.js").Box<any>} product
 * @property {import("./value.js").Articles} articles
 * @property {import("./prices.js").PriceList[]} lists Price lists seen so far.
 * @property {string} day Today.
 * @property {Said | null} said What has just been done.
 * @property {Partial<Record<Place, Note>>} notes What was refused, by the place where it happened.
 * @property {readonly (Note & { of: string })[]} lates What became of orders that are no longer shown, by the entry that keeps each.
 * @property {Scan[]} scans Scanned codes that are looked up, were not found, or could not be looked up.
 * @property {{ customerId: string, time: string } | null} gone The customer is no longer in the ERP.
 * @property {{ customerId: string, past: Past } | null} past
 * @property {number} unsent Saved drafts that the panel does not have yet.
 * @property {readonly { key: string, id: string, text: string }[]} untaken Those of them that it does not take, and why.
 * @property {Conflict | null} conflict
 * @property {import("./view/paste.js").Paste | null} paste
 * @property {{ go: () => void } | null} leaving
 * @property {{ code: string, by: object | null } | null} blocked A code scanned while that dialog was open.
 * @property {string | null} saveWanted Id of the order that is saved as soon as its prices are there.
 * @property {any} freshness
 * @property {import("./network.js").Door} door
 * @property {boolean} starting What this tab was writing is not shown yet: nothing can be typed.
 * @property {boolean} unkept The browser keeps nothing.
 */

/** @returns {State} */
function initial() {
  return { history: operations.begin(blank(choice("price-group"))), touched: false, work: newId(), from: null, entry: emptyEntry(),
    customer: emptyBox(), product: emptyBox(), articles: {}, lists: [], day: today(), said: null, notes: {}, lates: [], scans: [], gone: null, past: null,
    unsent: 0, untaken: [], conflict: null, paste: null, leaving: null, blocked: null, saveWanted: null, freshness: null, door: null, starting: true, unkept: false };
}

/** @returns {Entry} */
export const emptyEntry = () => ({ product: null, qtyText: "", sure: false });

let state = initial();
let judged = judge(state.history.order, state.articles, state.day, language);
let draw = () => {};
let held = false, late = false;
let keeping = false;

/** The state as it is now. */
export const now = () => state;
export const order = () => state.history.order;
/** What follows from the order as it is now. */
export const view = () => judged;

/** Draw with this function from now on. @param {() => void} drawing */
export const drawWith = (drawing) => { draw = drawing; };
/** Draw nothing while an input event is on its way: its field shows what the order does not have yet, and a change that
 * comes in between (the session wakes up at the first key) would draw the field as it was. */
export const holdDrawing = () => { held = true; };
/** The input has reached the order: draw what was held up. */
export function goOnDrawing() {
  held = false;
  if (late) draw();
  late = false;
}
/** Keep working copies from now on. */
export const startKeeping = () => { keeping = true; };

/** Change the state; the one place where it happens. @param {Partial<State>} changes */
export function update(changes) {
  const before = state;
  const next = { ...state, ...changes, day: today() };
  const settled = settle(next.history.order, next.articles, next.day, language);
  state = settled === next.history.order ? next : { ...next, history: { ...next.history, order: settled } };
  if (state.history.order !== before.history.order || state.articles !== before.articles || state.day !== before.day) {
    judged = judge(state.history.order, state.articles, state.day, language);
  }
  const given = before.said?.aside;
  if (given && given !== state.said?.aside && state.work === before.work) forget(given); // no longer offered
  if (held) late = true;
  else draw();
  if (keeping && typedChanged(before, state)) keepSoon();
}

let toKeep = false;
/** Keep the working copy once the change is painted: two hundred lines take longer to write than to draw. */
function keepSoon() {
  if (toKeep) return;
  toKeep = true;
  if (document.hidden) keepNow(); // nothing is painted then
  else requestAnimationFrame(() => setTimeout(keepNow));
}

/** Keep what is still to be kept; called too when the page is hidden or left. */
export function keepNow() {
  if (!toKeep) return;
  toKeep = false;
  keep();
}

/** Keep the working copy now; resolves when it is on the disk, with false when it is not. */
export function kept() {
  keepNow();
  return settled();
}

/** @param {State} a @param {State} b */
const typedChanged = (a, b) => a.history.order !== b.history.order || a.entry !== b.entry
  || a.customer.text !== b.customer.text || a.product.text !== b.product.text;

function keep() {
  const { order } = state.history, typed = inBoxes();
  const nothing = isEmpty(order) && !order.date && !order.version && !typed;
  keepCopy(nothing ? null : { ...writing(), unchanged: !typed && !isChanged(state) });
}

/** What is kept of the order that is shown. */
export const writing = () => ({ order: state.history.order, work: state.work, typed: typedNow(),
  touched: isChanged(state), document: toDocument(state.history.order, state.day, language) });

/** What is typed in the boxes. @returns {import("./keep.js").Typed} */
const typedNow = () =>
  ({ customer: state.history.order.customer ? "" : state.customer.text, article: state.product.text, entry: state.entry });

/** Whether something is typed in the boxes that the order does not have yet. */
export function inBoxes() {
  const { customer, article } = typedNow();
  return Boolean(customer || article);
}

/** Whether the order differs from what is stored of it. @param {State} state */
export const isChanged = ({ touched, history }) =>
  history.order.version ? touched || history.undo.length > 0 : !isEmpty(history.order);

/** Do something to the order that can be undone. @param {operations.Operation} op @param {string} [merge]
 * @param {Partial<State>} [changes] */
export function perform(op, merge = "", changes = {}) {
  update({ history: operations.perform(state.history, op, merge), ...changes });
}

/** @param {Place} place @param {Note | null} note */
export function note(place, note) {
  const { [place]: _, ...others } = state.notes;
  update({ notes: note ? { ...others, [place]: note } : others });
}

/** @param {Said | null} said */
export const say = (said) => update({ said });
/** Say what an answer tells of another order: what is offered to be taken back stays. @param {Said | null} told */
export function sayLate(told) {
  const { said } = state;
  say(said?.undo || said?.step ? { ...said, late: told?.text, tone: told?.tone ?? said.tone } : told);
}

/** Move the focus once the page shows what it has to; `select`: what stands there is replaced by typing.
 * @param {string} id @param {boolean} [select] */
export function focus(id, select = false) {
  const field = document.getElementById(id);
  field?.focus();
  field?.scrollIntoView({ block: "nearest" }); // a field that has the focus already is not scrolled to by itself
  if (select && field instanceof HTMLInputElement) field.select();
}
