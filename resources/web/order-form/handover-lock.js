/* How the handover frame checks a proof: a key with the proof's hash is in the storage. */

/** The storage key of a proof. @param {string} hash */
export const lockName = (hash) => `handover:${hash}`;

/** @param {string} text @returns {Promise<string>} SHA-256 as hex digits. */
export async function hashOf(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
