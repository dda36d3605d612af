/*
 * The operations on an order as data, each with its inverse, and undo and redo.
 *
 * Pure functions. An operation names lines by id, so that it changes no other line; when its line is gone, it does
 * nothing. The inverse of an operation restores only the fields that the operation changed.
 */

/** @typedef {import("./value.js").Order} Order */
/** @typedef {import("./value.js").Line} Line */
/**
 * @typedef {{ kind: "insert", line: Line, before: string | null }
 *   | { kind: "remove", id: string }
 *   | { kind: "change", id: string, patch: Partial<Line> }
 *   | { kind: "set", patch: Partial<Order> }
 *   | { kind: "all", ops: Operation[] }} Operation `before`: id of the line before which it is inserted; null or gone: at the end.
 */
/** @typedef {{ id: number, inverse: Operation, merge: string, open: boolean }} Step `merge`: the field that was typed in,
 * "" for other operations; while the step is `open`, later typing in that field belongs to it. */
/** @typedef {{ order: Order, undo: readonly Step[], redo: readonly Step[], last: number }} History */

/** @param {Order} order @returns {History} */
export const begin = (order) => ({ order, undo: [], redo: [], last: 0 });

/** The order after an operation, and its inverse; null when it does nothing.
 * @param {Order} order @param {Operation} op @returns {{ order: Order, inverse: Operation } | null} */
export function apply(order, op) {
  switch (op.kind) {
    case "insert": return insert(order, op.line, op.before);
    case "remove": return remove(order, op.id);
    case "change": return change(order, op.id, op.patch);
    case "set": {
      const names = Object.keys(op.patch);
      return { order: { ...order, ...op.patch }, inverse: { kind: "set", patch: picked(order, names) } };
    }
    case "all": return applyAll(order, op.ops);
  }
}

/** @param {Order} order @param {Line} line @param {string | null} before */
function insert(order, line, before) {
  if (order.lines.some((one) => one.id === line.id)) return null;
  const found = order.lines.findIndex((one) => one.id === before);
  const at = found < 0 ? order.lines.length : found;
  const lines = [...order.lines.slice(0, at), line, ...order.lines.slice(at)];
  return { order: { ...order, lines }, inverse: /** @type {Operation} */ ({ kind: "remove", id: line.id }) };
}

/** @param {Order} order @param {string} id */
function remove(order, id) {
  const at = order.lines.findIndex((one) => one.id === id);
  if (at < 0) return null;
  const before = order.lines[at + 1]?.id ?? null;
  return { order: { ...order, lines: order.lines.filter((one) => one.id !== id) },
    inverse: /** @type {Operation} */ ({ kind: "insert", line: order.lines[at], before }) };
}

/** Fields that `settle` computes while a line's price is live; undoing `live` restores their saved values.
 * @type {(keyof Line)[]} */
const PRICE = ["pricedFor", "unitPrice", "priceUnit", "priceId", "priceAsOf"];

/** @param {Order} order @param {string} id @param {Partial<Line>} patch */
function change(order, id, patch) {
  const line = order.lines.find((one) => one.id === id);
  if (!line) return null;
  const lines = order.lines.map((one) => one === line ? { ...one, ...patch } : one);
  const names = new Set([...Object.keys(patch), ...("live" in patch ? PRICE : [])]);
  return { order: { ...order, lines }, inverse: /** @type {Operation} */ ({ kind: "change", id, patch: picked(line, [...names]) }) };
}

/** @param {Order} order @param {Operation[]} ops */
function applyAll(order, ops) {
  /** @type {Operation[]} */
  const inverses = [];
  for (const op of ops) {
    const done = apply(order, op);
    if (!done) continue;
    order = done.order;
    inverses.unshift(done.inverse);
  }
  return inverses.length ? { order, inverse: /** @type {Operation} */ ({ kind: "all", ops: inverses }) } : null;
}

/** @param {object} from @param {string[]} names */
const picked = (from, names) => Object.fromEntries(names.map((name) => [name, /** @type {any} */ (from)[name]]));

/** Perform an operation as an undo step. `merge`: as in {@link Step}.
 * @param {History} history @param {Operation} op @param {string} [merge] @returns {History} */
export function perform(history, op, merge = "") {
  const done = apply(history.order, op);
  if (!done) return history;
  const top = history.undo.at(-1);
  if (merge && top?.open && top.merge === merge && !history.redo.length) return { ...history, order: done.order };
  const id = history.last + 1;
  return { order: done.order, undo: [...history.undo, { id, inverse: done.inverse, merge, open: merge !== "" }], redo: [], last: id };
}

/** Close the last step: later typing begins another one. @param {History} history @returns {History} */
export function endStep(history) {
  const top = history.undo.at(-1);
  return top?.open ? { ...history, undo: [...history.undo.slice(0, -1), { ...top, open: false }] } : history;
}

/** @param {History} history @returns {History} */
export function undo(history) {
  const step = history.undo.at(-1);
  return step ? takeBack(history, step.id) : history;
}

/** @param {History} history @returns {History} */
export function redo(history) {
  const step = history.redo.at(-1);
  if (!step) return history;
  const others = history.redo.slice(0, -1);
  const done = apply(history.order, step.inverse);
  if (!done) return { ...history, redo: others };
  return { ...history, order: done.order, undo: [...history.undo, { ...step, inverse: done.inverse, open: false }], redo: others };
}

/** Whether a later step has changed the quantity that this step changed: undoing it would undo that one, too.
 * @param {History} history @param {number} id */
export function isOverridden({ undo }, id) {
  const at = undo.findIndex((step) => step.id === id), inverse = undo[at]?.inverse;
  return inverse?.kind === "change" && "qtyText" in inverse.patch && undo.slice(at + 1).some(({ inverse: later }) =>
    later.kind === "change" && later.id === inverse.id && "qtyText" in later.patch);
}

/** Undo one step, which need not be the last; later steps stay.
 * @param {History} history @param {number} id @returns {History} */
export function takeBack(history, id) {
  const step = history.undo.find((one) => one.id === id);
  if (!step) return history;
  const others = history.undo.filter((one) => one !== step);
  const done = apply(history.order, step.inverse);
  if (!done) return { ...history, undo: others };
  return { ...history, order: done.order, undo: others, redo: [...history.redo, { ...step, inverse: done.inverse, open: false }] };
}
