/* What is known of articles while the page is open: asked for once, with their prices; told to the state. */
import { read } from "./network.js";
import { groups, joined } from "./prices.js";
import { setOfTab } from "./storage.js";
import { now, update } from "./store.js";

/** @typedef {import("./value.js").Article} Article */

/** Requests at the same time; the browser makes no more to one address. */
const AT_ONCE = 4;

/** @type {string[]} */
let queue = [];
let running = 0;
/** Told when an article has been read, or could not be. @type {() => void} */
let settled = () => {};
/** @param {() => void} listener */
export const onSettled = (listener) => { settled = listener; };

/** Have these articles known. @param {readonly { itemId: string }[]} wanted @param {import("./value.js").Product} [product] */
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
    // A new order forgets what is known; an answer for the one before is not kept.
    if (now().articles[id]?.state === "loading") {
      update({ articles: { ...now().articles, [id]: found.article }, ...chosenList(found.lists) });
      settled();
    }
  }
  running -= 1;
}

/** @param {import("./prices.js").PriceList[]} more */
function chosenList(more) {
  const lists = joined(now().lists, more), { history } = now();
  if (history.order.group || !lists.length) return { lists };
  setOfTab("price-group", lists[0].id);
  return { lists, history: { ...history, order: { ...history.order, group: lists[0].id } } };
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

/** All prices of an article: any of them may be the one that counts. @param {string} id */
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

/** The article with exactly that code, or null. @param {string} code @returns {Promise<import("./value.js").Product | null>} */
export async function productOf(code) {
  const { rows } = await read(`/api/products?limit=20&ranked=true&search=${encodeURIComponent(code)}`);
  const wanted = code.toLowerCase();
  return rows.find((/** @type {any} */ row) => String(row.itemId).toLowerCase() === wanted) ?? null;
}

/** Forget what is known: prices may have changed by the next order. */
export function forgetArticles() {
  queue = [];
  update({ articles: {} });
}
