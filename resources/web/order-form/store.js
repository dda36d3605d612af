/*
 * The state of the form, and `update`, the only way to change it. After every change the prices are computed, the page
 * is drawn, and the working copy is stored. Everything that the page shows is in this state.
 */
import { deleteEntry, keepCopy } from "./keep.js";
import * as operations from "./operations.js";
import { emptyBox } from "./search.js";
import { readChoice, settled } from "./storage.js";
import { language } from "./texts.js";
import { blank, isEmpty, judge, newId, settle, toDocument, today } from "./value.js";

/** @typedef {import("./value.js").Product} Product */
/** @typedef {{ product: Product | null, qtyText: string, sure: boolean }} Entry The row for the next line. */
/** @typedef {{ text: string, tone: "good" | "soft" | "warn", step?: number, undo?: () => void, aside?: string | null, late?: string }} Said
 * The message beside the customer. `step`: id of the undo step, `undo`: function, with which the message offers to undo its action.
 * `aside`: key of the entry that holds the order as long as that is offered. `late`: a message about another order that came
 * meanwhile. */
/** @typedef {{ text: string, label?: string, act?: () => void }} Note */
/** @typedef {"top" | "customer" | "entry" | "save"} Place */
/** @typedef {{ code: string, forCustomer: boolean, state: "looking" | "missing" | "failed" }} Scan `forCustomer`: scanned into the
 * customer box. */
/** @typedef {{ mine: import("./value.js").Order, typed?: import("./keep.js").Typed, from: string, current: any, opening: boolean }} Conflict
 * `from`: key of the entry that holds mine. `current`: the stored draft, null: it was deleted. `opening`: it was found when the
 * draft was opened, not by a save. */
/** @typedef {{ lines: any[], at: string | null, usual: any[] }} Past What a customer ordered before. */
/**
 * @typedef {object} State
 * @property {operations.History} history The order, with its undo steps.
 * @property {boolean} touched The order differs from the stored draft even without undo steps: it comes from this browser's storage.
 * @property {string} work Id of this editing of the order (see keep.js).
 * @property {string | null} from Key of the entry from which the order was opened, until the working copy is on the disk.
 * @property {Entry} entry
 * @property {import("./search.js").Box<any>} customer
 * @property {import("./search.js").Box<any>} product
 * @property {import("./value.js").Articles} articles
 * @property {import("./prices.js").PriceList[]} lists Price lists seen so far.
 * @property {string} day Today.
 * @property {Said | null} said
 * @property {Partial<Record<Place, Note>>} notes Errors, by the place where they are shown.
 * @property {readonly (Note & { of: string })[]} lateNotices Notices about orders that are no longer shown; `of`: key of the entry that
 *   holds the order.
 * @property {Scan[]} scans Scanned codes that are looked up, were not found, or could not be looked up.
 * @property {{ customerId: string, time: string } | null} gone The customer is no longer in the ERP.
 * @property {{ customerId: string, past: Past } | null} past
 * @property {number} unsent Saved drafts that the panel does not have yet.
 * @property {readonly { key: string, id: string, text: string }[]} rejected Those of them that the panel rejected, with the reason.
 * @property {Conflict | null} conflict
 * @property {import("./view/paste.js").Paste | null} paste
 * @property {{ go: () => void } | null} leaving
 * @property {{ code: string, by: object | null } | null} blocked A code scanned while a dialog was open; `by`: the state of that dialog.
 * @property {string | null} saveWanted Id of the order whose save waits for prices or scanned codes.
 * @property {any} freshness
 * @property {import("./network.js").AccessPrompt} accessPrompt
 * @property {boolean} starting The tab's order is not restored yet: nothing can be typed.
 * @property {boolean} unkept The browser does not store what is typed.
 */

/** @returns {State} */
function initial() {
  return { history: operations.begin(blank(readChoice("price-group"))), touched: false, work: newId(), from: null, entry: emptyEntry(),
    customer: emptyBox(), product: emptyBox(), articles: {}, lists: [], day: today(), said: null, notes: {}, lateNotices: [], scans: [], gone: null, past: null,
    unsent: 0, rejected: [], conflict: null, paste: null, leaving: null, blocked: null, saveWanted: null, freshness: null, accessPrompt: null, starting: true, unkept: false };
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
/** The evaluation of the present order. */
export const view = () => judged;

/** Draw with this function from now on. @param {() => void} drawing */
export const drawWith = (drawing) => { draw = drawing; };
/** Draw nothing while an input event is dispatched: the field has a text that is not in the state yet, and a change in
 * between (the session starts again at the first key) would draw the field with the old text. */
export const holdDrawing = () => { held = true; };
/** The input is in the state: draw the changes that were held back. */
export function resumeDrawing() {
  held = false;
  if (late) draw();
  late = false;
}
/** Store working copies from now on. */
export const startKeeping = () => { keeping = true; };
/** Store no working copy any more: this page has an old state of it. */
export const stopKeeping = () => { keeping = false; };

/** Change the state; the one place where it happens. @param {Partial<State>} changes */
export function update(changes) {
  const before = state;
  const next = { ...state, ...changes, day: today() };
  const settled = settle(next.history.order, next.articles, next.day, language);
  state = settled === next.history.order ? next : { ...next, history: { ...next.history, order: settled } };
  if (state.history.order !== before.history.order || state.articles !== before.articles || state.day !== before.day) {
    judged = judge(state.history.order, state.articles, state.day, language);
  }
  const aside = before.said?.aside;
  if (aside && aside !== state.said?.aside && state.work === before.work) deleteEntry(aside); // its undo is no longer offered
  if (held) late = true;
  else draw();
  if (keeping && typedChanged(before, state)) keepSoon();
}

let isCopyDue = false;
/** Store the working copy once the change is painted: two hundred lines take longer to store than to draw. */
function keepSoon() {
  if (isCopyDue) return;
  isCopyDue = true;
  if (document.hidden) keepNow(); // nothing is painted then
  else requestAnimationFrame(() => setTimeout(keepNow));
}

/** Store the working copy now if that is due; called too when the page is hidden or left. */
export function keepNow() {
  if (!isCopyDue) return;
  isCopyDue = false;
  keep();
}

/** Store the working copy now; resolves with whether it is on the disk. */
export function kept() {
  keepNow();
  return settled();
}

/** @param {State} a @param {State} b */
const typedChanged = (a, b) => a.history.order !== b.history.order || a.entry !== b.entry
  || a.customer.text !== b.customer.text || a.product.text !== b.product.text || a.scans !== b.scans;

function keep() {
  const { order } = state.history, typed = inBoxes();
  const nothing = isEmpty(order) && !order.date && !order.version && !typed;
  keepCopy(nothing ? null : { ...currentEditing(), unchanged: !typed && !isChanged(state) });
}

/** The shown order as keep.js stores it. */
export const currentEditing = () => ({ order: state.history.order, work: state.work, typed: typedNow(),
  touched: isChanged(state), document: toDocument(state.history.order, state.day, language) });

/** The texts in the boxes, and the scanned codes. @returns {import("./keep.js").Typed} */
const typedNow = () => ({ customer: state.history.order.customer ? "" : state.customer.text, article: state.product.text,
  entry: state.entry, scans: state.scans.map(({ code, forCustomer }) => ({ code, forCustomer })) });

/** Whether a text in a box, or a scanned code, is not part of the order yet. */
export function inBoxes() {
  const { customer, article, scans } = typedNow();
  return Boolean(customer || article || scans?.length);
}

/** Whether the order differs from the stored draft. @param {State} state */
export const isChanged = ({ touched, history }) =>
  history.order.version ? touched || history.undo.length > 0 : !isEmpty(history.order);

/** Perform an operation on the order, as an undo step. @param {operations.Operation} op @param {string} [merge]
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
/** Show a message about another order; an undo that the present message offers stays. @param {Said | null} message */
export function sayLate(message) {
  const { said } = state;
  say(said?.undo || said?.step ? { ...said, late: message?.text, tone: message?.tone ?? said.tone } : message);
}

/** Focus an element; `select`: select its text, so that typing replaces it.
 * @param {string} id @param {boolean} [select] */
export function focus(id, select = false) {
  const field = document.getElementById(id);
  field?.focus();
  field?.scrollIntoView({ block: "nearest" }); // a field that has the focus already is not scrolled to by itself
  if (select && field instanceof HTMLInputElement) field.select();
}
