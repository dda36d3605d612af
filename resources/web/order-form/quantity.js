/* Parses quantities, and applies an article's rules for them; pure functions. */

/** @typedef {{ min: number, multiple: number, max: number }} Rule Thousandths; 0: no such rule. */
/** @typedef {{ value: number | null, problem: null | "empty" | "number" | "zero" | "large" }} Read */

/** From this quantity on the form asks whether it is a code, in thousandths. */
const SUSPICIOUS = 100_000_000;
/** The largest quantity that the panel stores, in thousandths. */
const LARGEST = 1e12;

/** Spaces and apostrophes that separate groups of digits. */
const GROUPING = /[\s\u00a0\u2007\u2009\u202f'’]/g;
const GROUPED = /^\d{1,3}(['\s’]\d{3})+([.,]\d*)?$/;

/**
 * Parse a quantity. The decimal separator is the comma in Italian and the point in English. The other sign counts as a
 * separator of thousands only between groups of three digits: in Italian "1.000" is a thousand, "2.5" is two and a
 * half.
 * @param {string} text @param {string} language "it" or "en" @returns {Read} Thousandths.
 */
export function readQuantity(text, language) {
  const clean = text.normalize("NFKC").trim();
  if (!clean) return { value: null, problem: "empty" };
  const whole = clean.replace(GROUPING, "");
  const digits = whole === clean || GROUPED.test(clean) ? plainDecimal(whole, language === "it" ? [".", ","] : [",", "."]) : null;
  const match = digits === null ? null : /^(\d*)(?:\.(\d{0,3}))?$/.exec(digits);
  if (!match || !/\d/.test(digits ?? "")) return { value: null, problem: "number" };
  const value = Number(match[1] || "0") * 1000 + Number((match[2] ?? "").padEnd(3, "0"));
  if (value === 0) return { value: null, problem: "zero" };
  if (!Number.isSafeInteger(value) || value > LARGEST) return { value: null, problem: "large" };
  return { value, problem: null };
}

/** The number with a decimal point and no other separator, or null when the separators are misplaced.
 * @param {string} text @param {string[]} separators Of thousands, of decimals. @returns {string | null} */
function plainDecimal(text, [group, decimal]) {
  if (!/^[\d.,]+$/.test(text)) return null;
  const groups = text.split(group), decimals = text.split(decimal);
  if (decimals.length > 2) return null;
  const whole = decimals[0].split(group);
  if (groups.length === 1) return decimals.join(".");
  if (decimals.length === 2 && decimals[1].includes(group)) return null;
  const grouped = /^\d{1,3}$/.test(whole[0]) && whole.slice(1).every((part) => part.length === 3) && whole[0] !== "0";
  if (grouped) return [whole.join(""), ...decimals.slice(1)].join(".");
  return groups.length === 2 && decimals.length === 1 ? groups.join(".") : null;
}

/** Whether a quantity looks like an article code in the wrong field.
 * @param {string} text @param {number | null} value Thousandths. */
export const looksLikeCode = (text, value) => (value ?? 0) >= SUSPICIOUS || /^(0\d{4,}|\d{6,})$/.test(text.trim());

/** Minimum, multiple and maximum of an article.
 * @param {{ minQuantity?: number | null, multipleQuantity?: number | null, maxQuantity?: number | null }} product
 * @returns {Rule} */
export const rules = (product) => ({
  min: product.minQuantity || 0, multiple: product.multipleQuantity || 0, max: product.maxQuantity || 0,
});

/** Whether a quantity, the pieces of the article in the whole order, follows the rules.
 * @param {number} quantity @param {Rule} rule */
export function isAllowed(quantity, { min, multiple, max }) {
  return quantity > 0 && quantity >= min && (!max || quantity <= max) && (!multiple || quantity % multiple === 0);
}

/** The nearest allowed quantity not below `quantity` (or the largest allowed one).
 * @param {number} quantity @param {Rule} rule */
export function allowed(quantity, { min, multiple, max }) {
  const step = multiple || 1000;
  let wanted = Math.max(quantity || 1000, min, multiple);
  if (multiple) wanted = Math.ceil(wanted / step) * step;
  if (max && wanted > max) wanted = multiple ? Math.floor(max / step) * step : max;
  return wanted;
}

/** The quantity one step above or below `quantity`, where other lines have `others` pieces of the article.
 * @param {number} quantity @param {number} direction @param {Rule} rule @param {number} [others] */
export function stepped(quantity, direction, rule, others = 0) {
  const step = rule.multiple || 1000;
  const least = Math.max(rule.min || step, others + Math.min(step, 1000));
  return Math.max(allowed(Math.max(quantity + others + direction * step, least), rule) - others, 0);
}
