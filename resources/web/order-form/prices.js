/* Finds the price of an article by price list, date and quantity; pure functions on the rows of /api/prices. */

/**
 * @typedef {object} PriceRow
 * @property {string} key
 * @property {string | null} [priceGroup]
 * @property {string | null} [priceGroupName]
 * @property {number | null} unitPrice
 * @property {number | null} [priceUnit]
 * @property {string | null} [validFrom]
 * @property {string | null} [validUntil]
 * @property {number | null} [quantityFrom]
 * @property {number | null} [quantityTo]
 */
/** @typedef {{ id: string, name: string }} PriceList */

/** The price lists that occur in price rows. @param {PriceRow[]} prices @returns {PriceList[]} */
export function groups(prices) {
  const found = new Map(prices.flatMap((p) => p.priceGroup ? [[p.priceGroup, p.priceGroupName || p.priceGroup]] : []));
  return [...found].map(([id, name]) => ({ id, name })).sort((a, b) => a.id.localeCompare(b.id));
}

/** Two sets of price lists as one. @param {PriceList[]} lists @param {PriceList[]} more @returns {PriceList[]} */
export function joined(lists, more) {
  const known = new Map([...lists, ...more].map((list) => [list.id, list]));
  return known.size === lists.length ? lists : [...known.values()].sort((a, b) => a.id.localeCompare(b.id));
}

/** The price that applies: the one with the highest `quantityFrom`, among these the newest; null if there is none.
 * @param {PriceRow[]} prices @param {{ group: string | null, date: string, quantity: number }} wanted
 * @returns {PriceRow | null} */
export function priceFor(prices, { group, date, quantity }) {
  const fits = prices.filter((p) =>
    (!group || !p.priceGroup || p.priceGroup === group) && p.unitPrice !== null
    && (!p.validFrom || p.validFrom <= date) && (!p.validUntil || p.validUntil >= date)
    && (!p.quantityFrom || p.quantityFrom <= quantity) && (!p.quantityTo || p.quantityTo >= quantity));
  fits.sort((a, b) => (b.quantityFrom ?? 0) - (a.quantityFrom ?? 0)
    || (b.validFrom ?? "").localeCompare(a.validFrom ?? "") || String(b.key).localeCompare(String(a.key)));
  return fits[0] ?? null;
}
