/* How the handover frame tells a good proof: it knows the proof's hash, under which nothing else is kept. */

/** Under this name lies what a proof is compared with. @param {string} hash */
export const lockName = (hash) => `handover:${hash}`;

/** @param {string} text @returns {Promise<string>} SHA-256 as hex digits. */
export async function hashOf(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}
