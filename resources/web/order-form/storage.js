/*
 * The browser's storage for data that must not be lost: IndexedDB, with localStorage as the journal of writes that
 * IndexedDB does not have yet.
 *
 * A write goes to the journal at once, which survives a crash of the tab, and to IndexedDB with strict durability,
 * which also survives the end of the browser and a power failure; then the journal entry is deleted. Either of the two
 * may be forbidden or full; the listener of `onWriteFailure` is called when neither takes a value. The values are JSON;
 * keep.js knows what they mean.
 *
 * The values are encrypted with the panel's key (`useKey`): when the panel has moved to another port, another program
 * may serve pages under this address and read what is stored here. The browser encrypts asynchronously only, so a
 * journal entry is plain text until IndexedDB has the value; an entry left by a crash is moved when the key of its
 * account is known. Where IndexedDB is forbidden the value stays in the journal, encrypted.
 */

const JOURNAL = "archisync-keep:";
const NAME = "archisync", STORE = "kept";
const OPEN_WITHIN = 4_000;

/** @type {Promise<IDBDatabase | null> | null} */
let opening = null;
/** Writes that have not ended, by key: the last value, and a promise of whether it is on the disk.
 * @type {Map<string, { value: unknown, done: Promise<boolean> }>} */
const pending = new Map();
/** Values that neither storage took: they are lost when the page ends. @type {Map<string, unknown>} */
const memory = new Map();

/** @typedef {{ at: string | null, iv: Uint8Array<ArrayBuffer>, sealed: ArrayBuffer }} Sealed An encrypted value in IndexedDB; `at` is the value's. */

/** @type {CryptoKey | null} */
let cipher = null;
/** @type {() => void} */
let keyKnown = () => {};
const keyReady = new Promise((resolve) => { keyKnown = () => resolve(undefined); });

/** Encrypt with this key from now on; null: the panel has none. Reads and writes wait until this is called. A journal entry
 * left by a crash is moved unless it belongs to another account, which could not decrypt it afterwards.
 * @param {string | null} key AES-256 as base64. @param {string} [account] Whose key it is. */
export async function useKey(key, account = "") {
  const bytes = key === null ? null : Uint8Array.from(atob(key), (char) => char.charCodeAt(0));
  cipher = bytes && await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  keyKnown();
  for (const [key, value] of journalEntries()) {
    const isOwn = !value?.account || value.account === account;
    if (value?.at && !value.sealed && isOwn && !pending.has(key)) moveFromJournal(key, value);
  }
}

/** Move a journal entry that was left by a crash into IndexedDB. It may also be one that another tab is just writing:
 * the newer value counts. @param {string} key @param {any} value */
async function moveFromJournal(key, value) {
  const raw = /** @type {any} */ (await encrypt(value)), text = JSON.stringify(value);
  const { ok } = await transact("readwrite", (store) => {
    const found = store.get(key);
    found.onsuccess = () => {
      if (readJournal(key) === text && !(found.result?.at >= value.at)) store.put(raw, key); // else it was deleted meanwhile
    };
  });
  if (ok && readJournal(key) === text) deleteFromJournal(key);
}

/** @param {any} value @returns {Promise<unknown>} */
async function encrypt(value) {
  if (!cipher) return value;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, cipher, new TextEncoder().encode(JSON.stringify(value)));
  return { at: value?.at ?? null, iv, sealed };
}

/** A stored value, decrypted; undefined when it was encrypted with another key (of another account).
 * @param {any} raw @returns {Promise<any>} */
async function decrypt(raw) {
  if (!raw?.sealed) return raw;
  if (!cipher) return undefined;
  try {
    const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytesOf(raw.iv) }, cipher, bytesOf(raw.sealed));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** A value received from another page; undefined when it was not encrypted with this page's key: then anybody may have
 * written it. @param {any} raw @returns {Promise<any>} */
export const decryptReceived = async (raw) => raw?.sealed ? decrypt(raw) : undefined;

/** @param {string | ArrayBuffer | Uint8Array<ArrayBuffer>} value Bytes, or base64 of them from the journal. */
const bytesOf = (value) => typeof value === "string" ? Uint8Array.from(atob(value), (char) => char.charCodeAt(0)) : value;

/** An encrypted value as text for the journal. @param {any} raw */
function journalText(raw) {
  const base64 = (/** @type {ArrayBuffer | Uint8Array} */ bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
  return JSON.stringify(raw?.sealed ? { at: raw.at, iv: base64(raw.iv), sealed: base64(raw.sealed) } : raw);
}

let reportFailure = () => {};
/** @param {() => void} listener Called when the browser does not store a value. */
export const onWriteFailure = (listener) => { reportFailure = listener; };
/** Whether a value exists in this page only. */
export const hasUnstoredValues = () => memory.size > 0;
/** Whether the value of this key exists in this page only. @param {string} key */
export const isUnstored = (key) => memory.has(key);

/** IndexedDB is forbidden to this page, so nothing can be in it. */
let noDatabase = false;

function database() {
  opening ??= new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), OPEN_WITHIN);
    /** @param {IDBDatabase | null} found */
    const done = (found) => {
      clearTimeout(timer);
      resolve(found);
      opening = found && Promise.resolve(found); // also after the time limit; after an error the next call opens it again
    };
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        done(request.result);
      };
      request.onerror = request.onblocked = () => done(null);
    } catch {
      clearTimeout(timer);
      noDatabase = true;
      resolve(null);
    }
  });
  return opening;
}

/** Run one transaction; `ok` is false when IndexedDB refuses or fails.
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest | void} act
 * @returns {Promise<{ ok: boolean, result?: any }>} */
async function transact(mode, act) {
  const found = await database();
  if (!found) return { ok: false };
  return new Promise((resolve) => {
    try {
      const transaction = found.transaction(STORE, mode, { durability: mode === "readwrite" ? "strict" : "default" });
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve({ ok: true, result: request ? request.result : undefined });
      transaction.onerror = transaction.onabort = () => resolve({ ok: false });
    } catch {
      opening = null; // the browser has closed it: open it again for the next write
      resolve({ ok: false });
    }
  });
}

/** @param {string} key @returns {string | null} */
function readJournal(key) {
  try { return localStorage.getItem(JOURNAL + key); } catch { return null; }
}

/** @param {string} key @param {string} text @returns {boolean} Whether localStorage took it. */
function writeJournal(key, text) {
  try { localStorage.setItem(JOURNAL + key, text); return true; } catch { return false; }
}

/** @param {string} key */
function deleteFromJournal(key) {
  try { localStorage.removeItem(JOURNAL + key); } catch { /* localStorage is forbidden: no entry is there */ }
}

/** Store a value under a key; null deletes it. Resolves when the write has ended, with false when the value exists in
 * this page only. There is one write at a time for each key: of the values that are put meanwhile only the last is
 * written.
 * @param {string} key @param {unknown} value @returns {Promise<boolean>} */
export function put(key, value) {
  writeJournal(key, JSON.stringify(value ?? null));
  const running = pending.get(key);
  if (running) {
    running.value = value;
    return running.done;
  }
  const write = { value, done: Promise.resolve(false) };
  pending.set(key, write);
  write.done = flush(key, write);
  return write.done;
}

/** @param {string} key @param {{ value: unknown }} write @returns {Promise<boolean>} */
async function flush(key, write) {
  for (;;) {
    await keyReady;
    const { value } = write, raw = value === null ? null : await encrypt(value);
    if (write.value !== value) continue;
    const { ok } = await transact("readwrite", (store) => { raw === null ? store.delete(key) : store.put(raw, key); });
    if (write.value !== value) continue;
    pending.delete(key);
    memory.delete(key);
    const text = readJournal(key), same = text === JSON.stringify(value ?? null); // another tab may have written since
    // A value that did not fit into the journal has left an older one there.
    if (ok) { if (same || text !== null && isNewer(value, parsed(text))) deleteFromJournal(key); return true; }
    if (same) {
      if (value !== null) writeJournal(key, journalText(raw)); // where that fails the plain text stays
      return true;
    }
    if (value === null) return true;
    memory.set(key, value);
    reportFailure();
    return false;
  }
}

/** Resolves when all running writes have ended: whether all their values are on the disk. @returns {Promise<boolean>} */
export const settled = async () => (await Promise.all([...pending.values()].map(({ done }) => done))).every(Boolean);

/** All stored values by key, decrypted; a journal entry takes the place of an older value in IndexedDB. Values that
 * were encrypted with another key are left out. @returns {Promise<Map<string, any>>} */
export async function all() {
  await keyReady;
  const values = new Map();
  for (const [key, raw] of await allRaw()) values.set(key, await decrypt(raw));
  for (const [key, value] of memory) values.set(key, value);
  for (const [key, { value }] of pending) values.set(key, value);
  for (const [key, value] of values) if (value === null || value === undefined) values.delete(key);
  return values;
}

/** The keys of values that were encrypted with another key, of another account. @returns {Promise<string[]>} */
export async function undecryptableKeys() {
  await keyReady;
  const keys = [];
  for (const [key, raw] of await allRaw()) if (!pending.has(key) && raw?.sealed && await decrypt(raw) === undefined) keys.push(key);
  return keys;
}

/** All values as they are stored, most of them encrypted. The journal is read first: an entry that another page removes
 * from it meanwhile is in IndexedDB by then, so none is missed. @returns {Promise<Map<string, any>>} */
export async function allRaw() {
  const journal = journalEntries();
  /** @type {Map<string, any>} */
  const found = new Map();
  await transact("readonly", (store) => {
    const keys = store.getAllKeys(), values = store.getAll(); // in one transaction: each value belongs to its key
    values.onsuccess = () => keys.result.forEach((key, at) => found.set(String(key), values.result[at]));
  });
  for (const [key, value] of journal) if (!isNewer(found.get(key), value)) found.set(key, value);
  return found;
}

/** Delete a value that another address has taken over, unless it was written again meanwhile. The journal and IndexedDB
 * may hold different states of it, where the page ended before its last write was in IndexedDB. Needs no key.
 * @param {string} key @param {string} at The `at` of the value that was taken over. */
export async function drop(key, at) {
  const text = readJournal(key);
  if (text !== null && parsed(text)?.at <= at) deleteFromJournal(key);
  await transact("readwrite", (store) => {
    const found = store.get(key);
    found.onsuccess = () => { if (found.result?.at <= at) store.delete(key); };
  });
}

/** @returns {[string, any][]} */
function journalEntries() {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(JOURNAL)).map((name) => {
      const key = name.slice(JOURNAL.length);
      return /** @type {[string, any]} */ ([key, parsed(localStorage.getItem(name) ?? "null")]);
    });
  } catch {
    return [];
  }
}

/** The value of a key, or null. @param {string} key @returns {Promise<any>} */
export async function get(key) {
  await keyReady;
  if (pending.has(key)) return pending.get(key)?.value ?? null;
  if (memory.has(key)) return memory.get(key) ?? null;
  const text = readJournal(key);
  const { result } = await transact("readonly", (store) => store.get(key));
  const journal = text === null ? undefined : parsed(text);
  const raw = journal === undefined || isNewer(result, journal) ? result : journal;
  return await decrypt(raw) ?? null;
}

/** The value of a journal entry; null when it is not JSON. @param {string} text @returns {any} */
function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

/** Whether the value in IndexedDB was written after the one in the journal. @param {any} stored @param {any} journal */
const isNewer = (stored, journal) => Boolean(journal && stored?.at > journal.at);

/** Whether IndexedDB can be read now. Where it cannot, a value that is not in the journal may be in it. */
export const isReadable = async () => (await transact("readonly", (store) => store.get("test"))).ok || noDatabase;

/** Replace the value of a key by the result of `next`, null deletes it; an unchanged value is not written. `next` gets
 * the value that this page has put last, even while the stored one is being read. A value that another tab puts
 * meanwhile may be lost, so the keys that tabs share are written once and never changed.
 * @param {string} key @param {(value: any) => unknown} next
 * @returns {Promise<boolean>} Whether that value is on the disk. */
export async function change(key, next) {
  const found = await get(key), running = pending.get(key);
  const before = running ? running.value : found, after = next(before);
  if (after !== before || memory.has(key)) return put(key, after);
  return running ? running.done : true;
}

/** Whether the browser stores anything at all; asked at the start, before a value is lost.
 * @returns {Promise<boolean>} */
export async function isAvailable() {
  if (writeJournal("test", "null")) { deleteFromJournal("test"); return true; }
  return (await transact("readwrite", (store) => { store.put(1, "test"); store.delete("test"); })).ok;
}

/** A setting of this browser, or null. @param {string} name @returns {string | null} */
export function readSetting(name) {
  try { return localStorage.getItem(`archisync-${name}`); } catch { return null; }
}

/** @param {string} name @param {string} value */
export function writeSetting(name, value) {
  try { localStorage.setItem(`archisync-${name}`, value); } catch { /* the next page has the default */ }
}

/** A value of this tab, or null. @param {string} name @returns {string | null} */
export function readTabValue(name) {
  try { return sessionStorage.getItem(`archisync-${name}`); } catch { return null; }
}

/** @param {string} name @param {string | null} value null deletes it. */
export function writeTabValue(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(`archisync-${name}`);
    else sessionStorage.setItem(`archisync-${name}`, value);
  } catch { /* sessionStorage is forbidden: a reload has to ask again */ }
}

/** The choice made in this tab; where there is none, the last one made in this browser, which this tab then keeps: a
 * later choice in another tab does not change it. @param {string} name @returns {string | null} */
export function readChoice(name) {
  const found = readTabValue(name) ?? readSetting(name);
  if (found !== null) writeTabValue(name, found);
  return found;
}

/** @param {string} name @param {string} value */
export function writeChoice(name, value) {
  writeTabValue(name, value);
  writeSetting(name, value);
}
