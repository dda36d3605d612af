/*
 * What the agent does: choose, add, change, scan, undo, save, leave. Each action changes the state through store.js;
 * what has to wait for an answer keeps the order's id and is dropped when that order is gone.
 */
import { forgetArticles, need, onSettled, productOf } from "./articles.js";
import { asideOf, forget, layAside, moveAside, post, savedTwice, send } from "./keep.js";
import { enter, read } from "./network.js";
import * as operations from "./operations.js";
import { allowed, looksLikeCode, readQuantity, rules, stepped } from "./quantity.js";
import { customerCodes, emptyBox, exact } from "./search.js";
import { choice, choose } from "./storage.js";
import { emptyEntry, focus, inBoxes, isChanged, kept, note, now, order, perform, say, sayLate, update, view, writing } from "./store.js";
import { ago, amount, counted, language, t } from "./texts.js";
import { blank, fromDocument, isEmpty, lineOf, MOST_LINES, MOST_TEXT, newId, quantityText, toDocument } from "./value.js";

/** @typedef {import("./value.js").Order} Order */
/** @typedef {import("./value.js").Line} Line */
/** @typedef {import("./value.js").Product} Product */

/** Milliseconds that saving waits for prices; then the order is saved as it is shown. */
const PRICES_WITHIN = 4_000;
/** Milliseconds after which a price that could not be read is asked for again meanwhile. */
const ASK_PRICES_AGAIN = 300;

const hooks = { saved: () => {}, unsent: () => {} };
/** Told when a draft has left the form, and when the outbox may have changed. @param {Partial<typeof hooks>} more */
export const onSaved = (more) => Object.assign(hooks, more);

// ---------------------------------------------------------------------------------------------- customer

/** @param {any} c A row of /api/customers. */
export function chooseCustomer(c) {
  const asOf = now().freshness?.newAsOf?.toISOString() ?? null;
  const text = (/** @type {unknown} */ one) => one ? String(one) : null;
  const customer = { id: String(c.key), name: c.name ?? "", accountNum: text(c.accountNum), city: text(c.city),
    street: text(c.street), postalCode: text(c.postalCode), vatNumber: text(c.vatNumber), fiscalCode: text(c.fiscalCode), asOf };
  note("customer", null);
  perform({ kind: "set", patch: { customer } }, "", { customer: emptyBox(), gone: null });
  focus("product");
  loadPast(customer.id);
}

/** To the customer box, with the name to search anew. */
export function changeCustomer() {
  const chosen = order().customer;
  if (chosen) perform({ kind: "set", patch: { customer: null } }, "", { customer: { ...emptyBox(), text: chosen.name } });
  focus("customer", true);
}

/** What the customer ordered before; shown only while it is the order's customer. @param {string} customerId */
async function loadPast(customerId) {
  try {
    const past = await read(`/api/drafts/past?customer=${encodeURIComponent(customerId)}`);
    if (order().customer?.id === customerId) update({ past: { customerId, past } });
  } catch { /* without it the order is entered as ever */ }
}

/** Lines of an earlier order, at today's prices. @param {any[]} rows */
export function addPast(rows) {
  const lines = rows.map((row) => lineOf(row, quantityText(row.quantity, language), { vatPercent: row.vatPercent ?? null, sure: true,
    discountText: "", free: Boolean(row.free) }));
  addLines(lines, t("past.added", { n: lines.length }));
}

// ---------------------------------------------------------------------------------------------- the next line

/** @param {Product} product */
export function chooseProduct(product) {
  need([product], product);
  const quantity = allowed(product.defaultQuantity || 1000, rules(product));
  update({ product: { ...emptyBox(), text: product.name || product.itemId },
    entry: { product, qtyText: quantityText(quantity, language), sure: false } });
  note("entry", null);
  focus("quantity", true);
}

/** Another article instead. */
export function clearEntry() {
  update({ entry: emptyEntry(), product: emptyBox() });
  note("entry", null);
  focus("product");
}

/** The quantity in the entry row as it is typed. @param {string} qtyText */
export const typeEntry = (qtyText) => update({ entry: { ...now().entry, qtyText, sure: false } });

/** The entry row as it would become a line: what is wrong with it, and its number.
 * @returns {{ quantity: number | null, problem: import("./value.js").Problem | null, others: number }} */
export function entryView() {
  const { entry: { product, qtyText, sure } } = now();
  if (!product) return { quantity: null, problem: null, others: 0 };
  const { value, problem } = readQuantity(qtyText, language);
  const others = piecesOf(product.itemId);
  if (problem) return { quantity: null, problem: { code: `quantity.${problem}` }, others };
  if (!sure && looksLikeCode(qtyText, value)) return { quantity: value, problem: { code: "quantity.suspicious" }, others };
  const rule = rules(product), pieces = (value ?? 0) + others, better = allowed(pieces, rule);
  const good = better === pieces;
  return { quantity: value, others, problem: good ? null
    : { code: others ? "rule.together" : "rule.wrong", params: { rule, pieces, better: better - others } } };
}

/** Pieces of an article in all lines, in thousandths. @param {string} itemId @param {string} [but] Id of a line. */
function piecesOf(itemId, but) {
  return order().lines.filter((line) => line.itemId === itemId && line.id !== but)
    .reduce((sum, line) => sum + (view().lines.get(line.id)?.quantity ?? 0), 0);
}

/** Add the article in the entry row; false when it cannot be added, which is said there. */
export function addEntry() {
  const { entry: { product, qtyText, sure } } = now();
  if (!product) {
    note("entry", { text: t("product.first") });
    focus("product");
    return false;
  }
  if (entryView().problem) { focus("quantity", true); return false; }
  if (!addLines([lineOf(product, qtyText, { sure })], "", { entry: emptyEntry(), product: emptyBox() })) return false;
  focus("product");
  return true;
}

/** @param {Line[]} lines @param {string} [said] @param {object} [changes] */
export function addLines(lines, said = "", changes = {}) {
  if (order().lines.length + lines.length > MOST_LINES) {
    note("entry", { text: t("lines.many", { n: MOST_LINES }) });
    return false;
  }
  note("entry", null);
  need(lines);
  perform({ kind: "all", ops: lines.map((line) => ({ kind: "insert", line, before: null })) }, "", changes);
  say(said ? { text: said, tone: "soft", step: now().history.last } : null);
  return true;
}

// ---------------------------------------------------------------------------------------------- scanner

/** @param {import("./store.js").Scan} scan */
const looking = (scan) => scan.state === "looking";

/** Scans are looked up one after the other; their pieces go to the order they were scanned into. */
let scanning = Promise.resolve();

/** A code from the scanner: one piece of that article. @param {string} code */
export function scan(code) {
  const id = order().id;
  /** @type {import("./store.js").Scan} */
  const entry = { code, order: id, state: "looking" };
  update({ scans: [...now().scans.filter((one) => one.code !== code || one.state === "looking"), entry] });
  scanning = scanning.then(async () => {
    /** @type {Product | null | undefined} */
    let found;
    try { found = await productOf(code); } catch { found = undefined; }
    const others = now().scans.filter((one) => one !== entry);
    if (order().id !== id) return;
    if (found) {
      update({ scans: others });
      addPiece(found);
    } else {
      update({ scans: [...others, { ...entry, state: found === null ? "missing" : "failed" }] });
    }
    continueSaving();
  });
}

/** A code scanned into the customer box: that customer's (a VAT number, a code on a card), else an article's.
 * @param {string} code */
export async function scanCustomer(code) {
  const id = order().id;
  /** @type {any[]} */
  let rows = [];
  try {
    ({ rows } = await read(`/api/customers?limit=20&ranked=true&search=${encodeURIComponent(code)}`));
  } catch { /* the search for an article says what is wrong */ }
  if (order().id !== id) return;
  const hit = order().customer ? null : exact(rows, code, customerCodes);
  if (hit) chooseCustomer(hit);
  else scan(code);
}

/** @param {string} code */
export const forgetScan = (code) => update({ scans: now().scans.filter((one) => one.code !== code) });

/** One piece (or the smallest step) more of an article. @param {Product} product */
function addPiece(product) {
  need([product], product);
  const rule = rules(product);
  const line = order().lines.findLast((one) => one.itemId === product.itemId && !one.free);
  const quantity = line ? view().lines.get(line.id)?.quantity ?? null : null;
  if (!line || quantity === null) {
    const first = lineOf(product, quantityText(allowed(1000, rule), language));
    addLines([first], t("scan.added", { name: first.name }));
    return;
  }
  const next = stepped(quantity, 1, rule, piecesOf(product.itemId, line.id));
  perform({ kind: "change", id: line.id, patch: { qtyText: quantityText(next, language), live: true, sure: line.sure } });
  say({ text: t("scan.more", { name: line.name, n: amount(next) }), tone: "soft", step: now().history.last });
}

/** A code stands in a quantity: it is scanned, and the quantity becomes what it was. @param {string | null} lineId null: the entry row. */
export function scanInstead(lineId) {
  if (lineId === null) {
    const { entry } = now();
    const code = entry.qtyText.trim();
    if (!entry.product) return;
    typeEntry(quantityText(allowed(entry.product.defaultQuantity || 1000, rules(entry.product)), language));
    if (addEntry()) scan(code);
    return;
  }
  const line = order().lines.find((one) => one.id === lineId);
  if (!line) return;
  const step = now().history.undo.findLast((one) => one.merge === `qtyText ${lineId}`);
  if (step) update({ history: operations.takeBack(now().history, step.id) });
  scan(line.qtyText.trim());
  focus("product");
}

// ---------------------------------------------------------------------------------------------- lines

/** A field of a line as it is typed. @param {string} id @param {"qtyText" | "discountText" | "note"} field @param {string} text */
export function typeLine(id, field, text) {
  const live = field === "qtyText" ? { live: true, sure: false } : {};
  perform({ kind: "change", id, patch: { [field]: text, ...live } }, `${field} ${id}`);
}

/** @param {string} id @param {Partial<Line>} patch */
export const changeLine = (id, patch) => perform({ kind: "change", id, patch });

/** @param {string} id @param {1 | -1} direction */
export function stepLine(id, direction) {
  const line = order().lines.find((one) => one.id === id);
  const product = line && now().articles[line.itemId]?.product;
  if (!line) return;
  const rule = product ? rules(product) : { min: 0, multiple: 0, max: 0 };
  const next = stepped(view().lines.get(id)?.quantity ?? 0, direction, rule, piecesOf(line.itemId, id));
  if (next > 0) typeLine(id, "qtyText", quantityText(next, language));
}

/** @param {1 | -1} direction */
export function stepEntry(direction) {
  const { entry: { product } } = now(), { quantity, others } = entryView();
  if (!product) return;
  const next = stepped(quantity ?? 0, direction, rules(product), others);
  if (next > 0) typeEntry(quantityText(next, language));
}

/** @param {string} id */
export function removeLine(id) {
  const at = order().lines.findIndex((one) => one.id === id), line = order().lines[at];
  if (!line) return;
  perform({ kind: "remove", id });
  say({ text: t("removed", { name: line.name }), tone: "soft", step: now().history.last });
  focus("product");
}

/** The price that counts now. @param {string} id */
export const takeNewPrice = (id) => changeLine(id, { live: true, pricedFor: "" });

export const undo = () => update({ history: operations.undo(operations.rest(now().history)), said: null });
export const redo = () => update({ history: operations.redo(now().history), said: null });
/** What the sentence beside the customer offers to take back. */
export function takeBackSaid() {
  const { said, history } = now();
  if (!said) return;
  if (said.undo) said.undo();
  else update({ said: null, ...(said.step ? { history: operations.takeBack(history, said.step) } : {}) });
  focus("product");
}
/** Typing in a field is over: what follows is another step. */
export const rest = () => {
  const { history } = now(), rested = operations.rest(history);
  if (rested !== history) update({ history: rested });
};

/** @param {Partial<Order>} patch @param {string} [merge] */
export const setOrder = (patch, merge = "") => perform({ kind: "set", patch }, merge);

/** Another date or price list: prices of all lines follow. @param {Partial<Order>} patch @param {string} [merge] */
export function reprice(patch, merge = "") {
  if (patch.group) choose("price-group", patch.group);
  need(order().lines);
  const follow = order().lines.map((line) =>
    /** @type {operations.Operation} */ ({ kind: "change", id: line.id, patch: { live: true } }));
  perform({ kind: "all", ops: [{ kind: "set", patch }, ...follow] }, merge);
}

// ---------------------------------------------------------------------------------------------- saving

/** @param {import("./store.js").Place} place @param {string} text @param {string} field */
function refuse(place, text, field) {
  note(place, { text });
  focus(field, true);
}

/** What is still being typed belongs to the order too; false when it cannot be taken, which is said. */
function takeTyped() {
  const { entry, product, customer } = now();
  note("save", null);
  if (entry.product) {
    if (addEntry()) return true;
    note("save", { text: t("entry.left") });
    return false;
  }
  const unread = now().scans.find((one) => !looking(one));
  if (unread) { refuse("save", t("scan.left", { code: unread.code }), `scan-${unread.code}`); return false; }
  if (product.text.trim()) { refuse("save", t("product.left"), "product"); return false; }
  if (!order().customer && (customer.text.trim() || order().lines.length)) {
    refuse("save", t("customer.missing"), "customer");
    return false;
  }
  return true;
}

/** Save the draft and begin the next order at once: nobody waits for the panel's disk. Codes that are being looked up are
 * waited for. So are prices that are not known yet, which are asked for again where the panel did not answer (it may be
 * starting anew), but not for long. @param {boolean} [patient] Prices are waited for. */
export function save(patient = true) {
  const again = now().saveWanted === order().id;
  waitNoLonger();
  rest(); // what is typed from now on is another step
  if (!takeTyped()) return;
  const mine = order();
  if (isEmpty(mine)) { note("save", { text: t("save.empty") }); return; }
  if (!mine.customer) { refuse("save", t("customer.missing"), "customer"); return; }
  const [first] = view().problems;
  if (first) {
    refuse("save", t("save.invalid", { n: view().problems.length, name: nameOf(first.line) }), `quantity-${first.line}`);
    return;
  }
  need(unpriced());
  if (patient && view().waiting || now().scans.some(looking)) {
    update({ saveWanted: mine.id, said: { text: t("save.waiting"), tone: "soft" } });
    if (again && patient) return; // its timer runs
    clearTimeout(timer);
    timer = setTimeout(() => goOnSaving(false), PRICES_WITHIN);
    return;
  }
  finish();
}

/** Of a save that waits. @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function waitNoLonger() {
  const { said } = now();
  update({ saveWanted: null, said: said?.text === t("save.waiting") ? null : said });
}

/** Save what has waited, unless something is being typed: half a number is none. @param {boolean} patient */
function goOnSaving(patient) {
  const { saveWanted, entry, product, customer, paste, history } = now();
  if (saveWanted === null) return;
  const other = saveWanted !== history.order.id;
  const typing = Boolean(entry.product || product.text.trim() || customer.text.trim() || paste || history.undo.at(-1)?.open);
  if (!other && !typing) { save(patient); return; }
  waitNoLonger();
  if (!other) note("save", { text: t("save.typing") });
}

/** The lines whose price the panel did not tell when it was asked. */
const unpriced = () => order().lines.filter((line) =>
  line.live && line.unitPrice === null && now().articles[line.itemId]?.state === "failed");

/** @param {string | null} id */
const nameOf = (id) => order().lines.find((one) => one.id === id)?.name ?? "";

/** Save what waited for prices or scans, if they are there now and it is still the order that is shown. */
function continueSaving() {
  const { saveWanted, scans } = now();
  if (saveWanted === null || view().waiting || scans.some(looking)) return;
  if (saveWanted === order().id && unpriced().length) {
    setTimeout(() => unpriced().length ? need(unpriced()) : continueSaving(), ASK_PRICES_AGAIN);
    return;
  }
  goOnSaving(true);
}
onSettled(continueSaving);

async function finish() {
  const mine = order(), { work, from } = now(), document = toDocument(mine, now().day, language);
  if (!document) return; // its problem was said
  if (JSON.stringify(document).length > MOST_TEXT) { note("save", { text: t("save.large") }); return; }
  next();
  say({ text: t("saving"), tone: "soft" });
  const { entry, kept: onDisk } = post(mine.id, mine.version, document);
  onDisk.then((there) => { if (there) for (const name of [asideOf(work), from]) if (name) forget(name); });
  let result = await send(entry);
  if ("here" in result && result.shut) {
    await enter();
    result = await send(entry);
  }
  await onDisk;
  hooks.unsent();
  if ("saved" in result) sayLate({ text: counted("saved", result.total), tone: "good" });
  else if ("conflict" in result) await conflict({ mine, from: await takenBack(), current: result.conflict, opening: false });
  else if ("refused" in result) await refused(mine, await takenBack(), result.refused);
  else {
    const why = result.away ? "" : result.why; // the first sentence says so
    const twice = await savedTwice(entry) ? t("saved.twice") : "";
    sayLate({ text: [t(now().unkept ? "saved.nowhere" : "saved.here"), twice, why].filter(Boolean).join(" "), tone: "warn" });
  }
  hooks.saved();

  /** A draft that the panel does not take is laid aside, and is sent no more; its name there. */
  async function takenBack() {
    await moveAside(entry.key, { order: mine, work, document });
    return asideOf(work);
  }
}

/** The next order at once. */
function next() {
  const group = choice("price-group") ?? order().group, { said } = now();
  if (said?.aside) forget(said.aside);
  forgetArticles();
  update({ touched: false, work: newId(), from: null, history: operations.begin(blank(group)), entry: emptyEntry(), customer: emptyBox(), product: emptyBox(), notes: {},
    scans: [], gone: null, past: null, paste: null, said: null, saveWanted: null });
  focus("customer");
}

/** Make `mine` the order of this page; what was being written is laid aside, unless it is stored as it is.
 * @param {Order} mine
 * @param {{ touched?: boolean, from?: string | null, typed?: import("./keep.js").Typed, stay?: boolean }} [how] `touched`: it
 *   differs from what is stored. `from`: the entry that keeps it, which is deleted once this page's copy is on the disk.
 *   `stay`: the agent has not asked for it, and the focus stays where it is. */
export function takeUp(mine, { touched = false, from = null, typed, stay = false } = {}) {
  if (!isEmpty(order()) && isChanged(now()) || inBoxes()) layAside(writing());
  forgetArticles();
  update({ touched, work: newId(), from, history: operations.begin(mine), ...boxes(typed), notes: {},
    scans: [], gone: null, past: null, paste: null, conflict: null, said: null, saveWanted: null });
  need(mine.lines);
  if (typed?.entry.product) need([typed.entry.product], typed.entry.product);
  if (!stay) focus(mine.customer ? "product" : "customer");
  verifyCustomer();
  if (from) giveUp(from);
  hooks.unsent();
}

/** Whether nothing was begun since the last save: then an answer to it may take the page. */
function untouched() {
  const { history, scans, paste, leaving, conflict, said } = now();
  return isEmpty(order()) && !history.undo.length && !inBoxes() && !scans.length && !paste && !leaving && !conflict && !said?.undo;
}

/** The boxes as they were typed. @param {import("./keep.js").Typed} [typed] */
export const boxes = (typed) => ({ customer: { ...emptyBox(), text: typed?.customer ?? "" },
  product: { ...emptyBox(), text: typed?.article ?? "" }, entry: typed?.entry ?? emptyEntry() });

/** A vanished customer is said, and never changed by itself. */
export async function verifyCustomer() {
  const customer = order().customer;
  if (!customer) return;
  loadPast(customer.id);
  try {
    const { row, allAsOf } = await read(`/api/customers/${encodeURIComponent(customer.id)}`);
    if (row.deletedAt) update({ gone: { customerId: customer.id, time: ago(allAsOf) } });
  } catch (error) {
    if (error instanceof Error && /** @type {any} */ (error).status === 404) update({ gone: { customerId: customer.id, time: "–" } });
  }
}

/** A draft that the panel does not take comes back, unless the next one has been begun: then it is a click away.
 * @param {Order} mine @param {string} from The entry that keeps it. @param {string} why */
function refused(mine, from, why) {
  sayLate(null);
  if (untouched()) {
    takeUp(mine, { touched: true, from });
    note("save", { text: t("saved.refused", { text: why }) });
  } else {
    noteLate(from, t("late.refused", { name: customerOf(mine), text: why }), t("unsent.open"), () => takeUp(mine, { touched: true, from }));
  }
  hooks.unsent();
}

/** Empty the form. The order is laid aside until that is no longer offered to be taken back. */
export function clear() {
  const { order: before, typed, work } = writing();
  const touched = isChanged(now()) || inBoxes(), aside = touched ? asideOf(work) : null;
  if (aside) layAside(writing());
  next();
  say({ text: t("cleared"), tone: "soft", aside, undo: () => takeUp(before, { touched, from: aside, typed }) });
}

// ---------------------------------------------------------------------------------------------- conflicts

/** @param {Order} mine */
const customerOf = (mine) => mine.customer?.name ?? t("no.customer");

/** Say what became of an order that is no longer shown; a click away. @param {string} of The entry that keeps it. @param {string} text
 * @param {string} label @param {() => void} act */
function noteLate(of, text, label, act) {
  const others = () => now().lates.filter((one) => one.of !== of);
  update({ lates: [...others(), { of, text, label, act: () => { update({ lates: others() }); act(); } }] });
}

/** Another tab has saved since: nothing is lost on either side until the agent decides. What was begun meanwhile is not
 * interrupted.
 * @param {import("./store.js").Conflict} found */
export function conflict(found) {
  sayLate(null);
  const { mine, from, current, opening } = found, show = () => update({ conflict: found });
  if (opening || untouched()) show();
  else noteLate(from, t(current ? "late.conflict" : "late.deleted", { name: customerOf(mine) }), t("conflict.compare"), show);
  hooks.unsent();
}

/** The order that is shown differs from what is stored now. @param {any} current What is stored; null: it was deleted. */
export async function conflictShown(current) {
  await layAside(writing());
  const { order: mine, typed, work } = writing();
  conflict({ mine, typed, from: asideOf(work), current, opening: true });
}

/** Delete an entry once the form's own copy of that order is on the disk. @param {string} name */
async function giveUp(name) {
  if (await kept()) {
    await forget(name);
    if (now().from === name) update({ from: null });
  }
  hooks.unsent();
}

/** Take what is stored; mine stays among those not saved. */
export function takeStored() {
  const { conflict } = now();
  if (conflict?.current) takeUp(fromDocument(conflict.current, language));
}

/** Keep mine as an order of its own; after a save that met the conflict it is saved so at once. */
export function keepAsCopy() {
  const { conflict } = now();
  if (!conflict) return;
  const { mine, typed, from } = conflict;
  takeUp({ ...mine, id: newId(), version: null, savedAt: null }, { touched: true, from, typed });
  if (!conflict.opening) save();
}

/** Go on with mine: saved, it replaces what is stored now. */
export function keepMine() {
  const { conflict } = now();
  if (!conflict) return;
  const { mine, typed, from, current } = conflict;
  takeUp({ ...mine, version: current?.version ?? null, savedAt: current?.updatedAt ?? null }, { touched: true, from, typed });
  if (!conflict.opening) save();
}
