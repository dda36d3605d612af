/*
 * The order as an immutable value, and its evaluation: quantities, problems, prices, totals.
 *
 * What the agent types is stored as text (`qtyText`, `discountText`), valid or not; the numbers are parsed here. Only
 * `settle` returns a changed order (with new prices); the operations are in operations.js.
 */
import { discountText, lineAmount, parseDiscounts, totals, vatOf } from "./money.js";
import { priceFor } from "./prices.js";
import { allowed, isAllowed, looksLikeCode, readQuantity, rules } from "./quantity.js";

/** The most lines that the panel stores in a draft. */
export const MOST_LINES = 200;
/** The most characters in a document that the panel accepts in one request, with room for its other parts. */
export const MOST_TEXT = 62_000;

/**
 * @typedef {object} Customer
 * @property {string} id
 * @property {string} name
 * @property {string | null} [accountNum]
 * @property {string | null} [city]
 * @property {string | null} [street]
 * @property {string | null} [postalCode]
 * @property {string | null} [vatNumber]
 * @property {string | null} [fiscalCode]
 * @property {string | null} [asOf]
 */
/**
 * @typedef {object} Product
 * @property {string} itemId
 * @property {string | null} [name]
 * @property {string | null} [description]
 * @property {string | null} [packageContent]
 * @property {number | null} [minQuantity]
 * @property {number | null} [multipleQuantity]
 * @property {number | null} [maxQuantity]
 * @property {number | null} [defaultQuantity]
 * @property {string | null} [vatGroup]
 * @property {boolean | null} [stopped]
 */
/**
 * @typedef {object} Article What the page knows of an article.
 * @property {"loading" | "ready" | "failed"} state
 * @property {Product | null} product
 * @property {import("./prices.js").PriceRow[]} prices
 * @property {string | null} asOf
 */
/** @typedef {Readonly<Record<string, Article>>} Articles By item id. */
/**
 * @typedef {object} Line
 * @property {string} id
 * @property {string} itemId
 * @property {string} name
 * @property {string | null} description
 * @property {string} qtyText As typed.
 * @property {string} discountText As typed: "50+10+5".
 * @property {boolean} free Free goods.
 * @property {string} note
 * @property {number | null} vatPercent Hundredths of a percent.
 * @property {boolean} sure The agent has confirmed that the quantity is no article code.
 * @property {boolean} live The price follows list, date and quantity; false: it is the saved one.
 * @property {string} pricedFor List, date and quantity for which the price was found; "": none yet.
 * @property {number | null} unitPrice Cents.
 * @property {number} priceUnit Thousandths.
 * @property {string | null} priceId
 * @property {string | null} priceAsOf
 */
/**
 * @typedef {object} Order
 * @property {string} id
 * @property {number | null} version Of the stored draft that is edited; null: a new order.
 * @property {string | null} savedAt When that version was saved.
 * @property {Customer | null} customer
 * @property {string | null} date null: today.
 * @property {string | null} group Id of the price list.
 * @property {string} note
 * @property {string} deliveryAddress
 * @property {string} desiredDate "" or an ISO date.
 * @property {readonly Line[]} lines
 */
/** @typedef {{ code: string, params?: Record<string, unknown> }} Problem */
/**
 * @typedef {object} LineView The evaluation of a line.
 * @property {number | null} quantity
 * @property {number[]} discounts
 * @property {number | null} amount
 * @property {boolean} waiting The price is not known yet.
 * @property {Problem | null} problem
 * @property {{ gone: true } | { old: number | null, now: import("./prices.js").PriceRow } | null} check The present price where it
 *   differs from the saved one; `gone`: there is none any more.
 */
/**
 * @typedef {object} Judged The evaluation of an order.
 * @property {Map<string, LineView>} lines
 * @property {{ line: string | null, problem: Problem }[]} problems What prevents the save, in the order of the lines.
 * @property {ReturnType<typeof totals>} sums
 * @property {boolean} waiting A price is not known yet.
 */

/** 144 random bits as base64url. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

/** Today in the computer's time zone, as an ISO date. @param {Date} [now] */
export function today(now = new Date()) {
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
}

/** A new order. @param {string | null} group The price list to begin with. @returns {Order} */
export const blank = (group) => ({ id: newId(), version: null, savedAt: null, customer: null, date: null, group, note: "",
  deliveryAddress: "", desiredDate: "", lines: [] });

/** @param {Order} order */
export const isEmpty = (order) =>
  !order.customer && !order.lines.length && !order.note && !order.deliveryAddress && !order.desiredDate;

/** The order's date: today unless the agent has set one. @param {Order} order @param {string} day */
export const dateOf = (order, day) => order.date || day;

/** A new line of an article.
 * @param {Product} product @param {string} qtyText @param {Partial<Line>} [more] @returns {Line} */
export const lineOf = (product, qtyText, more = {}) => ({
  id: newId(), itemId: product.itemId, name: product.name || product.itemId, description: product.description ?? null,
  qtyText, discountText: "", free: false, note: "", vatPercent: vatOf(product), sure: false, live: true, pricedFor: "",
  unitPrice: null, priceUnit: 1000, priceId: null, priceAsOf: null, ...more });

/** A quantity as text that reads back as the same quantity. @param {number} thousandths @param {string} language */
export function quantityText(thousandths, language) {
  const text = String(thousandths / 1000);
  return language === "it" ? text.replace(".", ",") : text;
}

/** The text of a quantity in another language; a text that is no quantity is returned unchanged.
 * @param {string} text @param {string} from
 * @param {string} to */
export function rewritten(text, from, to) {
  const { value } = readQuantity(text, from);
  return from === to || value === null ? text : quantityText(value, to);
}

// ---------------------------------------------------------------------------------------------- stored documents

/** A stored draft as an order, with the saved prices.
 * @param {{ id: string, version?: number | null, updatedAt?: string | null, document: any }} draft
 * @param {string} language @returns {Order} */
export function fromDocument({ id, version, updatedAt, document: d }, language) {
  return { ...blank(d.priceGroup ?? null), id, version: version ?? null, savedAt: updatedAt ?? null,
    customer: d.customer ?? null, date: d.date ?? null, note: d.note ?? "", deliveryAddress: d.deliveryAddress ?? "",
    desiredDate: d.desiredDate ?? "", lines: (d.lines ?? []).map((/** @type {any} */ one) => lineFrom(one, language)) };
}

/** @param {any} d @param {string} language @returns {Line} */
function lineFrom(d, language) {
  return { id: newId(), itemId: d.itemId, name: d.name, description: d.description ?? null,
    qtyText: quantityText(d.quantity, language), discountText: discountText(d.discounts ?? []), free: Boolean(d.free),
    note: d.note ?? "", vatPercent: d.vatPercent ?? null, sure: true, live: false, pricedFor: "",
    unitPrice: d.unitPrice ?? null, priceUnit: d.priceUnit ?? 1000, priceId: d.priceId ?? null, priceAsOf: d.priceAsOf ?? null };
}

/** The document that the panel stores, or null while a quantity or discount cannot be read.
 * @param {Order} order @param {string} day Today. @param {string} language */
export function toDocument(order, day, language) {
  const lines = order.lines.map((line) => {
    const { value } = readOf(line, language), discounts = parseDiscounts(line.discountText);
    return value === null || discounts === null ? null : { itemId: line.itemId, name: line.name,
      description: line.description, quantity: value, unitPrice: line.unitPrice, priceUnit: line.priceUnit,
      priceId: line.priceId, priceAsOf: line.priceAsOf, vatPercent: line.vatPercent, discounts, free: line.free,
      note: line.note };
  });
  if (lines.includes(null)) return null;
  return { customer: order.customer, priceGroup: order.group || null, date: dateOf(order, day), note: order.note,
    deliveryAddress: order.deliveryAddress, desiredDate: order.desiredDate || null, lines };
}

// ---------------------------------------------------------------------------------------------- evaluation

/** @type {WeakMap<Line, { language: string, read: import("./quantity.js").Read }>} */
const lastReads = new WeakMap();

/** The quantity of a line; a line that has not changed is not parsed again.
 * @param {Line} line @param {string} language */
function readOf(line, language) {
  const last = lastReads.get(line);
  if (last?.language === language) return last.read;
  const read = readQuantity(line.qtyText, language);
  lastReads.set(line, { language, read });
  return read;
}

/** The order with the prices of its live lines, as far as the articles are known.
 * @param {Order} order @param {Articles} articles @param {string} day @param {string} language @returns {Order} */
export function settle(order, articles, day, language) {
  const date = dateOf(order, day);
  let changed = false;
  const lines = order.lines.map((line) => {
    const settled = line.live ? priced(line, articles[line.itemId], { group: order.group, date }, language) : line;
    changed ||= settled !== line;
    return settled;
  });
  return changed ? { ...order, lines } : order;
}

/** @param {Line} line @param {Article | undefined} article @param {{ group: string | null, date: string }} by
 * @param {string} language @returns {Line} */
function priced(line, article, { group, date }, language) {
  const { value } = readOf(line, language);
  if (value === null) return line; // its price stays until the quantity can be read
  const wanted = `${group}|${date}|${value}`;
  if (article?.state !== "ready") {
    if (!line.pricedFor || line.pricedFor === wanted) return line;
    return { ...line, pricedFor: "", unitPrice: null, priceId: null, priceAsOf: null };
  }
  const price = priceFor(article.prices, { group, date, quantity: value });
  const fields = { pricedFor: wanted, unitPrice: price?.unitPrice ?? null, priceUnit: price?.priceUnit || 1000,
    priceId: price?.key ?? null, priceAsOf: article.asOf };
  const same = Object.entries(fields).every(([name, value]) => /** @type {any} */ (line)[name] === value);
  return same ? line : { ...line, ...fields };
}

/** Evaluate an order. @param {Order} order @param {Articles} articles @param {string} day
 * @param {string} language @returns {Judged} */
export function judge(order, articles, day, language) {
  /** @type {Map<string, number>} */
  const pieces = new Map();
  const read = order.lines.map((line) => readOf(line, language));
  order.lines.forEach((line, at) => pieces.set(line.itemId, (pieces.get(line.itemId) ?? 0) + (read[at].value ?? 0)));
  /** @type {Judged["problems"]} */
  const problems = [];
  const views = order.lines.map((line, at) => {
    const view = viewOf(line, read[at], pieces.get(line.itemId) ?? 0, articles[line.itemId], order, day);
    if (view.problem) problems.push({ line: line.id, problem: view.problem });
    return view;
  });
  if (order.lines.length > MOST_LINES) problems.push({ line: null, problem: { code: "lines.many", params: { n: MOST_LINES } } });
  const counted = order.lines.flatMap((line, at) => {
    const { quantity, discounts } = views[at];
    return quantity === null ? [] : [{ ...line, quantity, discounts }];
  });
  return { lines: new Map(order.lines.map((line, at) => [line.id, views[at]])), problems, sums: totals(counted),
    waiting: views.some((view) => view.waiting) };
}

/** @typedef {{ view: LineView, pieces: number, article: Article | undefined, by: string }} Seen */
/** @type {WeakMap<Line, Seen>} */
const lastViews = new WeakMap();

/** Evaluate a line; an equal result is the same object as before, so that its row need not be drawn again.
 * @param {Line} line @param {import("./quantity.js").Read} read @param {number} pieces Of the article, in all lines.
 * @param {Article | undefined} article @param {Order} order @param {string} day @returns {LineView} */
function viewOf(line, read, pieces, article, order, day) {
  const last = lastViews.get(line), by = `${order.group}|${dateOf(order, day)}`;
  if (last && last.pieces === pieces && last.article === article && last.by === by) return last.view;
  const found = newView(line, read, pieces, article, order, day);
  const view = last && sameView(last.view, found) ? last.view : found;
  lastViews.set(line, { view, pieces, article, by });
  return view;
}

/** Whether a row shows the same. @param {LineView} a @param {LineView} b */
const sameView = (a, b) => a.quantity === b.quantity && a.amount === b.amount && a.waiting === b.waiting
  && String(a.discounts) === String(b.discounts) && same(a.problem, b.problem) && same(a.check, b.check);

/** @param {object | null} a @param {object | null} b */
const same = (a, b) => a === b || !!a && !!b && JSON.stringify(a) === JSON.stringify(b);

/** @param {Line} line @param {import("./quantity.js").Read} read @param {number} pieces Of the article, in all lines.
 * @param {Article | undefined} article @param {Order} order @param {string} day @returns {LineView} */
function newView(line, read, pieces, article, order, day) {
  const discounts = parseDiscounts(line.discountText);
  const rule = article?.product ? rules(article.product) : null;
  /** @type {Problem | null} */
  let problem = null;
  if (read.problem) problem = { code: `quantity.${read.problem}` };
  else if (!line.sure && looksLikeCode(line.qtyText, read.value)) problem = { code: "quantity.suspicious" };
  else if (rule && !isAllowed(pieces, rule)) {
    const better = allowed(pieces, rule) - (pieces - (read.value ?? 0));
    problem = { code: pieces === read.value ? "rule.wrong" : "rule.together", params: { rule, pieces, better } };
  } else if (discounts === null) problem = { code: "discount.wrong" };
  const quantity = read.value;
  const amount = quantity === null ? null : lineAmount({ ...line, quantity, discounts: discounts ?? [] });
  return { quantity, discounts: discounts ?? [], amount, problem, check: checkOf(line, quantity, article, order, day),
    waiting: line.live && line.unitPrice === null && line.pricedFor === "" && article?.state === "loading" };
}

/** Compare a line's saved price with the present one.
 * @param {Line} line @param {number | null} quantity @param {Article | undefined} article @param {Order} order
 * @param {string} day @returns {LineView["check"]} */
function checkOf(line, quantity, article, order, day) {
  if (line.live || line.free || quantity === null || article?.state !== "ready") return null;
  const now = priceFor(article.prices, { group: order.group, date: dateOf(order, day), quantity });
  if (!now) return line.unitPrice === null ? null : { gone: true };
  const same = now.unitPrice === line.unitPrice && (now.priceUnit || 1000) === line.priceUnit;
  return same ? null : { old: line.unitPrice, now };
}
