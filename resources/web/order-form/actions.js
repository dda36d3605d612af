/*
 * The agent's actions: choose, add, change, scan, undo, save, clear. Each changes the state through store.js. An action
 * that waits for an answer remembers the order's id, and drops the answer when another order is shown by then.
 */
import { forgetArticles, need, onSettled, productOf } from "./articles.js";
import { addToOutbox, asideKey, deleteEntry, deleteTakenUp, hasOtherSave, layAside, moveAside, send } from "./keep.js";
import { getAccess, read } from "./network.js";
import * as operations from "./operations.js";
import { allowed, looksLikeCode, readQuantity, rules, stepped } from "./quantity.js";
import { customerCodes, emptyBox, exact } from "./search.js";
import { readChoice, writeChoice } from "./storage.js";
import { currentEditing, emptyEntry, focus, inBoxes, isChanged, kept, note, now, order, perform, say, sayLate, update, view } from "./store.js";
import { ago, amount, counted, language, t } from "./texts.js";
import { blank, fromDocument, isEmpty, lineOf, MOST_LINES, MOST_TEXT, newId, quantityText, toDocument } from "./value.js";

/** @typedef {import("./value.js").Order} Order */
/** @typedef {import("./value.js").Line} Line */
/** @typedef {import("./value.js").Product} Product */

/** Milliseconds that a save waits for prices; then the order is saved as it is shown. */
const PRICES_WITHIN = 4_000;
/** Milliseconds after which a waiting save requests a price again that could not be read. */
const RETRY_PRICES = 300;

const hooks = { saved: () => {}, unsent: () => {} };
/** `saved` is called when a save has ended, `unsent` when the outbox may have changed.
 * @param {Partial<typeof hooks>} more */
export const onSaved = (more) => Object.assign(hooks, more);

// ---------------------------------------------------------------------------------------------- customer

/** @param {any} c A row of /api/customers. */
export function chooseCustomer(c) {
  const asOf = now().freshness?.newAsOf?.toISOString() ?? null;
  const text = (/** @type {unknown} */ value) => value ? String(value) : null;
  const customer = { id: String(c.key), name: c.name ?? "", accountNum: text(c.accountNum), city: text(c.city),
    street: text(c.street), postalCode: text(c.postalCode), vatNumber: text(c.vatNumber), fiscalCode: text(c.fiscalCode), asOf };
  note("customer", null);
  perform({ kind: "set", patch: { customer } }, "", { customer: emptyBox(), gone: null });
  focus("product");
  loadPast(customer.id);
}

/** Remove the customer from the order, and focus the search box with the name in it. */
export function changeCustomer() {
  const chosen = order().customer;
  if (chosen) perform({ kind: "set", patch: { customer: null } }, "", { customer: { ...emptyBox(), text: chosen.name } });
  focus("customer", true);
}

/** Load what the customer ordered before; the answer is dropped when the order has another customer by then.
 * @param {string} customerId */
async function loadPast(customerId) {
  try {
    const past = await read(`/api/drafts/past?customer=${encodeURIComponent(customerId)}`);
    if (order().customer?.id === customerId) update({ past: { customerId, past } });
  } catch { /* the order can be entered without it */ }
}

/** Add lines of an earlier order, at the present prices. @param {any[]} rows */
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

/** Empty the entry row. */
export function clearEntry() {
  update({ entry: emptyEntry(), product: emptyBox() });
  note("entry", null);
  focus("product");
}

/** Typing in the quantity of the entry row. @param {string} qtyText */
export const typeEntry = (qtyText) => update({ entry: { ...now().entry, qtyText, sure: false } });

/** The quantity of the entry row and what is wrong with it. `others`: pieces of the article in the lines. All in
 * thousandths.
 * @returns {{ quantity: number | null, problem: import("./value.js").Problem | null, others: number }} */
export function entryView() {
  const { entry: { product, qtyText, sure } } = now();
  if (!product) return { quantity: null, problem: null, others: 0 };
  const { value, problem } = readQuantity(qtyText, language);
  const others = piecesOf(product.itemId);
  if (problem) return { quantity: null, problem: { code: `quantity.${problem}` }, others };
  if (!sure && looksLikeCode(qtyText, value)) return { quantity: value, problem: { code: "quantity.suspicious" }, others };
  const rule = rules(product), pieces = (value ?? 0) + others, better = allowed(pieces, rule);
  return { quantity: value, others, problem: better === pieces ? null
    : { code: others ? "rule.together" : "rule.wrong", params: { rule, pieces, better: better - others } } };
}

/** Pieces of an article in all lines but one, in thousandths. @param {string} itemId @param {string} [exceptLine] */
function piecesOf(itemId, exceptLine) {
  return order().lines.filter((line) => line.itemId === itemId && line.id !== exceptLine)
    .reduce((sum, line) => sum + (view().lines.get(line.id)?.quantity ?? 0), 0);
}

/** Add the article in the entry row; false when it cannot be added: the reason is shown there. */
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

/** Add lines; false when the order would have too many.
 * @param {Line[]} lines @param {string} [message] @param {object} [changes] */
export function addLines(lines, message = "", changes = {}) {
  if (order().lines.length + lines.length > MOST_LINES) {
    note("entry", { text: t("lines.many", { n: MOST_LINES }) });
    return false;
  }
  note("entry", null);
  need(lines);
  perform({ kind: "all", ops: lines.map((line) => ({ kind: "insert", line, before: null })) }, "", changes);
  say(message ? { text: message, tone: "soft", step: now().history.last } : null);
  return true;
}

// ---------------------------------------------------------------------------------------------- scanner

/** @param {import("./store.js").Scan} scan */
const isLooking = (scan) => scan.state === "looking";

/** The last lookup: codes are looked up one after the other. */
let scanning = Promise.resolve();

/** A scanned code: look the article up, and add one piece to the order into which it was scanned.
 * @param {string} code @param {boolean} [forCustomer] It was scanned into the customer box: choose the customer of that code, if
 *   there is one and the order has none. */
export function scan(code, forCustomer = false) {
  /** @type {import("./store.js").Scan} */
  const entry = { code, forCustomer, state: "looking" };
  update({ scans: [...now().scans.filter((one) => one.code !== code || one.state !== "missing"), entry] });
  scanning = scanning.then(async () => {
    const customer = forCustomer ? await customerWithCode(code) : null;
    /** @type {Product | null | undefined} */
    let found;
    try { found = customer ? null : await productOf(code); } catch { found = undefined; }
    if (!now().scans.includes(entry)) return; // another order is shown, or this one anew, with a scan of its own
    const others = now().scans.filter((one) => one !== entry);
    if (customer) {
      update({ scans: others });
      chooseCustomer(customer);
    } else if (found) {
      update({ scans: others });
      addPiece(found);
    } else {
      update({ scans: [...others, { ...entry, state: found === null ? "missing" : "failed" }] });
    }
    continueSaving();
  });
}

/** The customer with exactly that code or VAT number; null: there is none, or the order has a customer.
 * @param {string} code */
async function customerWithCode(code) {
  try {
    const { rows } = await read(`/api/customers?limit=20&ranked=true&search=${encodeURIComponent(code)}`);
    return order().customer ? null : exact(rows, code, customerCodes);
  } catch {
    return null; // the lookup of the article shows the error
  }
}

/** Remove the failed and missing scans of a code. @param {string} code */
export const forgetScan = (code) => update({ scans: now().scans.filter((one) => one.code !== code || isLooking(one)) });

/** Look a code up again, once for each time that it was scanned and could not be looked up. @param {string} code */
export function retryScan(code) {
  const failed = now().scans.filter((one) => one.code === code && one.state === "failed");
  update({ scans: now().scans.filter((one) => !failed.includes(one)) });
  for (const one of failed) scan(one.code, one.forCustomer);
}

/** Add one piece of an article, or the smallest quantity its rules allow. @param {Product} product */
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

/** Take the text of a quantity for a scanned code, and restore the quantity.
 * @param {string | null} lineId null: the entry row. */
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

/** Typing in a field of a line.
 * @param {string} id @param {"qtyText" | "discountText" | "note"} field @param {string} text */
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

/** Use the present price instead of the saved one. @param {string} id */
export const takeNewPrice = (id) => changeLine(id, { live: true, pricedFor: "" });

/** Undo the last step; without one, the emptying of the form as long as that is offered. */
export function undo() {
  const { history, said } = now();
  if (said?.undo && !history.undo.length) undoSaid();
  else update({ history: operations.undo(operations.endStep(history)), said: emptying() });
}
export const redo = () => update({ history: operations.redo(now().history), said: emptying() });
/** The message that offers to undo the emptying of the form, which undo and redo leave; or null. */
const emptying = () => now().said?.undo ? now().said : null;
/** Undo the action named in the message beside the customer. */
export function undoSaid() {
  const { said, history } = now();
  if (!said) return;
  if (said.undo) said.undo();
  else update({ said: null, ...(said.step ? { history: operations.takeBack(history, said.step) } : {}) });
  focus("product");
}
/** End the present undo step: later typing in the same field begins another one. */
export const endStep = () => {
  const { history } = now(), ended = operations.endStep(history);
  if (ended !== history) update({ history: ended });
};

/** @param {Partial<Order>} patch @param {string} [merge] */
export const setOrder = (patch, merge = "") => perform({ kind: "set", patch }, merge);

/** Change the date or the price list; all lines get the prices for it.
 * @param {Partial<Order>} patch @param {string} [merge] */
export function reprice(patch, merge = "") {
  if (patch.group) writeChoice("price-group", patch.group);
  need(order().lines);
  const reprices = order().lines.map((line) =>
    /** @type {operations.Operation} */ ({ kind: "change", id: line.id, patch: { live: true } }));
  perform({ kind: "all", ops: [{ kind: "set", patch }, ...reprices] }, merge);
}

// ---------------------------------------------------------------------------------------------- saving

/** @param {import("./store.js").Place} place @param {string} text @param {string} field */
function refuse(place, text, field) {
  note(place, { text });
  focus(field, true);
}

/** Add what is still in the entry row to the order; false when it cannot be added, or something else is unfinished: the
 * reason is shown. */
function takeTyped() {
  const { entry, customer } = now();
  note("save", null);
  if (entry.product && !addEntry()) {
    note("save", { text: t("entry.left") });
    return false;
  }
  const unresolved = now().scans.find((scan) => !isLooking(scan));
  if (unresolved) { refuse("save", t("scan.left", { code: unresolved.code }), `scan-${unresolved.code}`); return false; }
  if (now().product.text.trim()) { refuse("save", t("product.left"), "product"); return false; }
  const isComing = now().scans.some((scan) => scan.forCustomer && isLooking(scan));
  if (!order().customer && (customer.text.trim() || order().lines.length && !isComing)) {
    refuse("save", t("customer.missing"), "customer");
    return false;
  }
  return true;
}

/** Save the draft, and begin the next order without waiting for the panel's answer. The save waits for codes that are
 * being looked up, and up to {@link PRICES_WITHIN} for prices; a price is requested again where the panel did not
 * answer (it may be restarting). @param {boolean} [patient] false: do not wait for prices. */
export function save(patient = true) {
  const isWaiting = now().saveWanted === order().id;
  stopWaiting();
  endStep();
  if (!takeTyped()) return;
  const mine = order(), looking = now().scans.some(isLooking); // a code may be the customer's, or bring the first line
  if (isEmpty(mine) && !looking) { note("save", { text: t("save.empty") }); return; }
  if (!mine.customer && !looking) { refuse("save", t("customer.missing"), "customer"); return; }
  const [first] = view().problems;
  if (first) {
    refuse("save", t("save.invalid", { n: view().problems.length, name: nameOf(first.line) }), `quantity-${first.line}`);
    return;
  }
  need(unpriced());
  if (patient && view().waiting || looking) {
    update({ saveWanted: mine.id, said: { text: t("save.waiting"), tone: "soft" } });
    if (isWaiting && patient) return; // its timer is running
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => resumeSave(false), PRICES_WITHIN);
    return;
  }
  finish();
}

/** Ends the wait of a save. @type {ReturnType<typeof setTimeout> | undefined} */
let saveTimer;

function stopWaiting() {
  const { said } = now();
  update({ saveWanted: null, said: said?.text === t("save.waiting") ? null : said });
}

/** Continue a save that has waited, unless something is being typed, which may be half of a number.
 * @param {boolean} patient As of {@link save}. */
function resumeSave(patient) {
  const { saveWanted, entry, product, customer, paste, history } = now();
  if (saveWanted === null) return;
  const other = saveWanted !== history.order.id;
  const typing = Boolean(entry.product || product.text.trim() || customer.text.trim() || paste || history.undo.at(-1)?.open);
  if (!other && !typing) { save(patient); return; }
  stopWaiting();
  if (!other) note("save", { text: t("save.typing") });
}

/** The lines whose price could not be read. */
const unpriced = () => order().lines.filter((line) =>
  line.live && line.unitPrice === null && now().articles[line.itemId]?.state === "failed");

/** @param {string | null} id */
const nameOf = (id) => order().lines.find((one) => one.id === id)?.name ?? "";

/** Continue a save that waits for prices or scanned codes, if all of them are there now. */
function continueSaving() {
  const { saveWanted, scans } = now();
  if (saveWanted === null || view().waiting || scans.some(isLooking)) return;
  if (saveWanted === order().id && unpriced().length) {
    setTimeout(() => unpriced().length ? need(unpriced()) : continueSaving(), RETRY_PRICES);
    return;
  }
  resumeSave(true);
}
onSettled(continueSaving);

async function finish() {
  const mine = order(), { work, from } = now(), document = toDocument(mine, now().day, language);
  if (!document) return; // save() has shown the problem
  if (JSON.stringify(document).length > MOST_TEXT) { note("save", { text: t("save.large") }); return; }
  next();
  say({ text: t("saving"), tone: "soft" });
  const { entry, kept: onDisk } = addToOutbox(mine.id, mine.version, document);
  onDisk.then((isStored) => {
    if (!isStored) return;
    deleteEntry(asideKey(work));
    if (from) deleteTakenUp(from);
  });
  let result = await send(entry);
  if ("pending" in result && result.needsAccess) {
    await getAccess();
    result = await send(entry);
  }
  await onDisk;
  hooks.unsent();
  if ("saved" in result) sayLate({ text: counted("saved", result.total), tone: "good" });
  else if ("conflict" in result) await conflict({ mine, from: await laidAside(), current: result.conflict, opening: false });
  else if ("refused" in result) await refused(mine, await laidAside(), result.refused);
  else {
    const reason = result.unreachable ? "" : result.reason; // the first sentence says that it is unreachable
    const twice = await hasOtherSave(entry) ? t("saved.twice") : "";
    sayLate({ text: [t(now().unkept ? "saved.nowhere" : "saved.here"), twice, reason].filter(Boolean).join(" "), tone: "warn" });
  }
  hooks.saved();

  /** Move the rejected draft from the outbox to the orders laid aside; returns its key there. */
  async function laidAside() {
    await moveAside(entry.key, { order: mine, work, document });
    return asideKey(work);
  }
}

/** Show a new, empty order. */
function next() {
  const group = readChoice("price-group") ?? order().group, { said } = now();
  if (said?.aside) deleteEntry(said.aside);
  forgetArticles();
  update({ touched: false, work: newId(), from: null, history: operations.begin(blank(group)), entry: emptyEntry(), customer: emptyBox(), product: emptyBox(), notes: {},
    scans: [], gone: null, past: null, paste: null, said: null, saveWanted: null });
  focus("customer");
}

/** Show `mine` as the order of this page. The order shown before is laid aside if it has unsaved changes.
 * @param {Order} mine
 * @param {{ touched?: boolean, from?: string | null, typed?: import("./keep.js").Typed, stay?: boolean }} [how] `touched`: it
 *   differs from the stored draft. `from`: key of the entry that holds it, which is deleted once this page's copy is on the disk.
 *   `stay`: do not move the focus, for the agent has not asked for this order. */
export function takeUp(mine, { touched = false, from = null, typed, stay = false } = {}) {
  if (!isEmpty(order()) && isChanged(now()) || inBoxes()) layAside(currentEditing());
  forgetArticles();
  update({ touched, work: newId(), from, history: operations.begin(mine), ...boxes(typed), notes: {},
    scans: [], gone: null, past: null, paste: null, conflict: null, said: null, saveWanted: null });
  loadShown(typed);
  if (!stay) focus(mine.customer ? "product" : "customer");
  if (from) deleteWhenCopied(from);
  hooks.unsent();
}

/** Load what the order that is shown anew needs: its articles and its customer; look up the scanned codes that it waited for.
 * @param {import("./keep.js").Typed} [typed] */
export function loadShown(typed) {
  need(order().lines);
  if (typed?.entry?.product) need([typed.entry.product], typed.entry.product);
  for (const { code, forCustomer } of typed?.scans ?? []) scan(code, forCustomer);
  verifyCustomer();
}

/** Whether nothing was entered since the last save: then its answer may show the saved order again. */
function isUntouched() {
  const { history, paste, leaving, conflict, said } = now();
  return isEmpty(order()) && !history.undo.length && !inBoxes() && !paste && !leaving && !conflict && !said?.undo;
}

/** The state of the boxes with these texts. @param {import("./keep.js").Typed} [typed] */
export const boxes = (typed) => ({ customer: { ...emptyBox(), text: typed?.customer ?? "" },
  product: { ...emptyBox(), text: typed?.article ?? "" }, entry: typed?.entry ?? emptyEntry() });

/** Say when the customer is no longer in the ERP; the order keeps it. */
async function verifyCustomer() {
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

/** Show a refused draft again, or, when the next order has been begun, a notice with a button that does so.
 * @param {Order} mine @param {string} from Key of the entry that holds it. @param {string} reason */
function refused(mine, from, reason) {
  sayLate(null);
  if (isUntouched()) {
    takeUp(mine, { touched: true, from });
    note("save", { text: t("saved.refused", { text: reason }) });
  } else {
    addLateNotice(from, t("late.refused", { name: customerOf(mine), text: reason }), t("unsent.open"), () => takeUp(mine, { touched: true, from }));
  }
  hooks.unsent();
}

/** Empty the form. The order is laid aside as long as the undo is offered. */
export function clear() {
  const { order: before, typed, work } = currentEditing();
  const touched = isChanged(now()) || inBoxes(), aside = touched ? asideKey(work) : null;
  if (aside) layAside(currentEditing());
  next();
  say({ text: t("cleared"), tone: "soft", aside, undo: () => takeUp(before, { touched, from: aside, typed }) });
}

// ---------------------------------------------------------------------------------------------- conflicts

/** @param {Order} mine */
const customerOf = (mine) => mine.customer?.name ?? t("no.customer");

/** Show a notice about an order that is no longer shown, with a button.
 * @param {string} of Key of the entry that holds the order.
 * @param {string} text @param {string} label @param {() => void} act */
function addLateNotice(of, text, label, act) {
  const others = () => now().lateNotices.filter((one) => one.of !== of);
  update({ lateNotices: [...others(), { of, text, label, act: () => { update({ lateNotices: others() }); act(); } }] });
}

/** Let the agent compare two versions of a draft and choose; both stay stored until then. When the next order has been
 * begun, a notice offers it.
 * @param {import("./store.js").Conflict} found */
export function conflict(found) {
  sayLate(null);
  const { mine, from, current, opening } = found, show = () => update({ conflict: found });
  if (opening || isUntouched()) show();
  else addLateNotice(from, t(current ? "late.conflict" : "late.deleted", { name: customerOf(mine) }), t("conflict.compare"), show);
  hooks.unsent();
}

/** The shown order is in conflict with the stored draft. @param {any} current The stored draft; null: it was deleted. */
export async function conflictWithShown(current) {
  await layAside(currentEditing());
  const { order: mine, typed, work } = currentEditing();
  conflict({ mine, typed, from: asideKey(work), current, opening: true });
}

/** Delete an entry once the working copy of its order is on the disk. @param {string} key */
async function deleteWhenCopied(key) {
  if (await kept()) {
    await deleteTakenUp(key);
    if (now().from === key) update({ from: null });
  }
  hooks.unsent();
}

/** Show the stored version; mine stays listed as unfinished. */
export function takeStored() {
  const { conflict } = now();
  if (conflict?.current) takeUp(fromDocument(conflict.current, language));
}

/** Make mine a new order; when the conflict came from a save, save it at once. */
export function keepAsCopy() {
  const { conflict } = now();
  if (!conflict) return;
  const { mine, typed, from } = conflict;
  takeUp({ ...mine, id: newId(), version: null, savedAt: null }, { touched: true, from, typed });
  if (!conflict.opening) save();
}

/** Continue with mine, whose save replaces the stored version; when the conflict came from a save, save it at once. */
export function keepMine() {
  const { conflict } = now();
  if (!conflict) return;
  const { mine, typed, from, current } = conflict;
  takeUp({ ...mine, version: current?.version ?? null, savedAt: current?.updatedAt ?? null }, { touched: true, from, typed });
  if (!conflict.opening) save();
}
