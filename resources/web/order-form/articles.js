/* Loads articles with their prices into the state, each once for an order. */
import { read } from "./network.js";
import { groups, joined } from "./prices.js";
import { readChoice, writeTabValue } from "./storage.js";
import { now, update } from "./store.js";

/** @typedef {import("./value.js").Article} Article */

/** Articles loaded at the same time. */
const AT_ONCE = 4;

/** @type {string[]} */
let queue = [];
let running = 0;
/** Called when an article was read, or could not be. @type {() => void} */
let settled = () => {};
/** @param {() => void} listener */
export const onSettled = (listener) => { settled = listener; };

/** Load articles that are not known yet; `product`: what is known of one of them already.
 * @param {readonly { itemId: string }[]} wanted @param {import("./value.js").Product} [product] */
export function need(wanted, product) {
  const { articles } = now();
  const missing = [...new Set(wanted.map(({ itemId }) => itemId))].filter((id) => !articles[id] || articles[id].state === "failed");
  if (!missing.length) return;
  const loading = missing.map((id) => /** @type {[string, Article]} */ ([id,
    { state: "loading", product: product?.itemId === id ? product : articles[id]?.product ?? null, prices: [], asOf: null }]));
  update({ articles: { ...articles, ...Object.fromEntries(loading) } });
  queue.push(...missing);
  while (running < AT_ONCE && queue.length) work();
}

async function work() {
  running += 1;
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    const found = await load(id);
    // A new order forgets all articles; an answer that belongs to the order before is dropped.
    if (now().articles[id]?.state === "loading") {
      update({ articles: { ...now().articles, [id]: found.article }, ...chosenList(found.lists) });
      settled();
    }
  }
  running -= 1;
}

/** The price lists with these; an order without a list gets the tab's choice, or else the first.
 * @param {import("./prices.js").PriceList[]} more */
function chosenList(more) {
  const lists = joined(now().lists, more), { history } = now();
  if (history.order.group || !lists.length) return { lists };
  const group = readChoice("price-group") ?? lists[0].id;
  writeTabValue("price-group", group);
  return { lists, history: { ...history, order: { ...history.order, group } } };
}

/** @param {string} id @returns {Promise<{ article: Article, lists: import("./prices.js").PriceList[] }>} */
async function load(id) {
  const known = now().articles[id]?.product ?? null;
  try {
    const [product, { prices, asOf }] = await Promise.all([known ?? productOf(id), pricesOf(id)]);
    return { article: { state: "ready", product, prices, asOf }, lists: groups(prices) };
  } catch {
    return { article: { state: "failed", product: known, prices: [], asOf: null }, lists: [] };
  }
}

/** All prices of an article: any of them may apply. @param {string} id */
async function pricesOf(id) {
  /** @type {import("./prices.js").PriceRow[]} */
  const prices = [];
  for (let from = ""; ;) {
    const { rows, cursor, allAsOf } = await read(`/api/prices?limit=200&product=${encodeURIComponent(id)}${from}`);
    prices.push(...rows);
    if (!cursor) return { prices, asOf: allAsOf };
    from = `&cursor=${encodeURIComponent(cursor)}`;
  }
}

/** The article with exactly that code, or null.
 * @param {string} code @returns {Promise<import("./value.js").Product | null>} */
export async function productOf(code) {
  const { rows } = await read(`/api/products?limit=20&ranked=true&search=${encodeURIComponent(code)}`);
  const wanted = code.toLowerCase();
  return rows.find((/** @type {any} */ row) => String(row.itemId).toLowerCase() === wanted) ?? null;
}

/** Forget all articles: prices may change until the next order. */
export function forgetArticles() {
  queue = [];
  update({ articles: {} });
}
