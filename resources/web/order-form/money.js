/*
 * Arithmetic of an order: rounding, discounts in a chain, line amounts, VAT and totals, all in integers.
 *
 * Plain functions on plain values. `archisync_gui/drafts/amounts.py` is the same arithmetic for the exports; both are
 * tested against the documents in `tests/web/documents.json`.
 */

/** VAT of the ERP's tax groups, in hundredths of a percent (docs/erp.md, Products). @type {Record<string, number>} */
const VAT = { 5: 2200, 1: 400, 0: 0 };

/** The rate assumed for articles whose tax group is not known. */
export const ASSUMED_VAT = 2200;

/** The most discounts in a line's chain. */
export const MOST_DISCOUNTS = 5;

/**
 * @typedef {object} Priced The fields from which a line's amount is computed.
 * @property {number} quantity Thousandths.
 * @property {number | null} unitPrice Cents for one price unit.
 * @property {number} priceUnit Thousandths.
 * @property {number[]} [discounts] Hundredths of a percent, applied one after the other.
 * @property {boolean} [free] Free goods: the amount is zero.
 * @property {number | null} [vatPercent] Hundredths of a percent; null: not known.
 */

/** @typedef {{ rate: number, net: number, vat: number, assumed: number }} VatLine Cents; `assumed`: the part of `net` whose
 * rate is not known. */

/** VAT of an article in hundredths of a percent; null when its tax group is not known.
 * @param {{ vatGroup?: string | null }} product */
export const vatOf = (product) => VAT[product.vatGroup ?? ""] ?? null;

/** numerator / denominator to the nearest integer, halves away from zero; exact for any size.
 * @param {bigint | number} numerator @param {bigint | number} denominator @returns {number} */
export function divide(numerator, denominator) {
  const [n, d] = [BigInt(numerator), BigInt(denominator)];
  const half = n < 0n ? -d : d;
  return Number((2n * n + half) / (2n * d));
}

/** Amount of a line in cents after its discounts, rounded once at the end; null without a price.
 * @param {Priced} line @returns {number | null} */
export function lineAmount({ quantity, unitPrice, priceUnit, discounts = [], free = false }) {
  if (free) return 0;
  if (unitPrice === null || unitPrice === undefined) return null;
  let [numerator, denominator] = [BigInt(quantity) * BigInt(unitPrice), BigInt(priceUnit || 1000)];
  for (const discount of discounts) {
    numerator *= BigInt(10_000 - discount);
    denominator *= 10_000n;
  }
  return divide(numerator, denominator);
}

/** Totals in integer cents. VAT is computed once per rate on the sum of its lines; articles of an unknown rate count to
 * the assumed one. Free goods carry no VAT. `unpriced`: number of lines without a price.
 * @param {Priced[]} lines @returns {{ net: number, vat: VatLine[], total: number, unpriced: number }} */
export function totals(lines) {
  /** @type {Map<number, VatLine>} */
  const rates = new Map();
  let net = 0, unpriced = 0;
  for (const line of lines) {
    const amount = lineAmount(line);
    if (amount === null) { unpriced += 1; continue; }
    if (line.free) continue;
    net += amount;
    const assumed = line.vatPercent === null || line.vatPercent === undefined ? amount : 0;
    const rate = line.vatPercent ?? ASSUMED_VAT;
    const entry = rates.get(rate) ?? { rate, net: 0, vat: 0, assumed: 0 };
    rates.set(rate, { ...entry, net: entry.net + amount, assumed: entry.assumed + assumed });
  }
  const vat = [...rates.values()].sort((a, b) => b.rate - a.rate)
    .map((entry) => ({ ...entry, vat: divide(BigInt(entry.net) * BigInt(entry.rate), 10_000) }));
  return { net, vat, total: net + vat.reduce((sum, entry) => sum + entry.vat, 0), unpriced };
}

/** Parse a chain of discounts: "50+10+5", "10,5 %", "50 10".
 * @param {string} text @returns {number[] | null} Hundredths of a percent; null: not a discount. */
export function parseDiscounts(text) {
  const clean = text.normalize("NFKC").trim();
  if (!clean) return [];
  const parts = clean.split(/\s*[+;/]\s*|(?<=[\d%])\s+(?=\d)/);
  const found = parts.map((part) => /^(\d{1,3})(?:[.,](\d{1,2}))?\s*%?$/.exec(part.trim()));
  if (found.length > MOST_DISCOUNTS) return null;
  const discounts = found.map((match) => match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : -1);
  return discounts.every((discount) => discount >= 0 && discount <= 10_000) ? discounts.filter(Boolean) : null;
}

/** The text of a chain of discounts: "50+10,5". @param {number[]} discounts */
export const discountText = (discounts) =>
  discounts.map((one) => String(one / 100).replace(".", ",")).join("+");
