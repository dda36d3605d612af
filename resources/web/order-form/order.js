/* The arithmetic and rules of an order: prices, quantities, totals; plain functions on plain values, no page. */

/** VAT by the ERP's tax group, in hundredths of a percent. */
const VAT = { 5: 2200, 1: 400, 0: 0 };
export const ASSUMED_VAT = 2200;

/** VAT of an article in hundredths of a percent; null when its tax group is not known. */
export const vatOf = (product) => VAT[product.vatGroup] ?? null;

/** numerator / denominator to the nearest integer, halves away from zero; exact for any size. */
function divide(numerator, denominator) {
  const [n, d] = [BigInt(numerator), BigInt(denominator)];
  const half = n < 0n ? -d : d;
  return Number((2n * n + half) / (2n * d));
}

/** Amount of a line in cents, null without a price. */
export function lineAmount({ quantity, unitPrice, priceUnit }) {
  if (unitPrice === null || unitPrice === undefined) return null;
  return divide(BigInt(quantity) * BigInt(unitPrice), priceUnit || 1000);
}

/** Totals in integer cents. VAT is counted once per rate on the sum of its lines, as on an invoice. */
export function totals(lines) {
  const rates = new Map();
  let net = 0, unpriced = 0;
  for (const line of lines) {
    const amount = lineAmount(line);
    if (amount === null) { unpriced += 1; continue; }
    net += amount;
    const assumed = line.vatPercent === null || line.vatPercent === undefined;
    const rate = assumed ? ASSUMED_VAT : line.vatPercent;
    const key = `${rate}:${assumed}`;
    const entry = rates.get(key) ?? { rate, assumed, net: 0 };
    entry.net += amount;
    rates.set(key, entry);
  }
  const vat = [...rates.values()].sort((a, b) => b.rate - a.rate)
    .map((entry) => ({ ...entry, vat: divide(BigInt(entry.net) * BigInt(entry.rate), 10_000) }));
  return { net, vat, total: net + vat.reduce((sum, entry) => sum + entry.vat, 0), unpriced };
}

/** The price lists that occur in price rows: [{id, name}]. */
export function groups(prices) {
  const found = new Map(prices.filter((p) => p.priceGroup).map((p) => [p.priceGroup, p.priceGroupName || p.priceGroup]));
  return [...found].map(([id, name]) => ({ id, name })).sort((a, b) => a.id.localeCompare(b.id));
}

/** The price that counts for a list, date and quantity: the narrowest step, then the newest; null if there is none. */
export function priceFor(prices, { group, date, quantity }) {
  const fits = prices.filter((p) =>
    (!group || !p.priceGroup || p.priceGroup === group) && p.unitPrice !== null
    && (!p.validFrom || p.validFrom <= date) && (!p.validUntil || p.validUntil >= date)
    && (!p.quantityFrom || p.quantityFrom <= quantity) && (!p.quantityTo || p.quantityTo >= quantity));
  fits.sort((a, b) => (b.quantityFrom ?? 0) - (a.quantityFrom ?? 0)
    || (b.validFrom ?? "").localeCompare(a.validFrom ?? "") || String(b.key).localeCompare(String(a.key)));
  return fits[0] ?? null;
}

/** Minimum, multiple and maximum of an article in thousandths; 0 = no such rule. */
export const rules = (product) => ({
  min: product.minQuantity || 0, multiple: product.multipleQuantity || 0, max: product.maxQuantity || 0,
});

/** The nearest allowed quantity not below `quantity` (or the largest allowed one). */
export function allowed(quantity, { min, multiple, max }) {
  const step = multiple || 1000;
  let wanted = Math.max(quantity || 1000, min, multiple);
  if (multiple) wanted = Math.ceil(wanted / step) * step;
  if (max && wanted > max) wanted = multiple ? Math.floor(max / step) * step : max;
  return wanted;
}

export function isAllowed(quantity, { min, multiple, max }) {
  return quantity > 0 && quantity >= min && (!max || quantity <= max) && (!multiple || quantity % multiple === 0);
}

/** One step up or down, staying within the rules. */
export function stepped(quantity, direction, rule) {
  const step = rule.multiple || 1000;
  return allowed(Math.max(quantity + direction * step, rule.min || step), rule);
}

/** An export field that no spreadsheet runs as a formula. */
const cell = (value) => {
  let text = String(value ?? "");
  if (/^[=+\-@\t\r]/.test(text) && !/^-?\d+([.,]\d+)?$/.test(text)) text = `'${text}`;
  return /[";\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const decimal = (value, digits) => {
  if (value === null || value === undefined) return "";
  const sign = value < 0 ? "-" : "";
  const text = String(Math.abs(value)).padStart(digits + 1, "0");
  return `${sign}${text.slice(0, -digits)},${text.slice(-digits)}`;
};

/** All drafts as CSV for Italian Excel: semicolons, decimal commas, byte order mark. */
export function csv(drafts) {
  const head = ["bozza", "salvata", "cliente", "codice cliente", "data", "listino", "articolo", "nome", "quantità",
    "prezzo", "per", "IVA %", "importo", "nota"];
  const rows = drafts.flatMap(({ id, updatedAt, document: d }) => {
    const order = [id, updatedAt, d.customer?.name, d.customer?.accountNum, d.date, d.priceGroup];
    if (!d.lines.length) return [[...order, ...Array(7).fill(""), d.note]]; // no draft is left out
    return d.lines.map((line) => [...order, line.itemId, line.name, decimal(line.quantity, 3),
      decimal(line.unitPrice, 2), decimal(line.priceUnit, 3), decimal(line.vatPercent, 2),
      decimal(lineAmount(line), 2), d.note]);
  });
  return "\ufeff" + [head, ...rows].map((row) => row.map(cell).join(";")).join("\r\n") + "\r\n";
}
