/*
 * The browser's storage for what must not be lost: IndexedDB, with localStorage as the journal of what is not in it yet.
 *
 * A write goes to localStorage at once, which survives the tab, and to IndexedDB with strict durability, which also
 * survives the browser's end and a power cut; then the journal's copy is removed. Either of the two may be forbidden or
 * full; `trouble` is told when neither takes an entry. The values are JSON; what they mean is keep.js's matter.
 *
 * The values are encrypted with the panel's key (`useKey`): when the panel has moved, another program may serve pages
 * under this address and read what lies here. The browser encrypts asynchronously only, so the journal is plain text for
 * the moment until IndexedDB has the value; what a crash has left in it is moved as soon as the key is known. Where
 * IndexedDB is forbidden the journal keeps the value, encrypted too.
 */

const JOURNAL = "archisync-keep:";
const NAME = "archisync", STORE = "kept";
const OPEN_WITHIN = 4_000;

/** @type {Promise<IDBDatabase | null> | null} */
let opening = null;
/** Writes on their way, by key: the last value, and what ends when it is on the disk.
 * @type {Map<string, { value: unknown, done: Promise<boolean> }>} */
const pending = new Map();
/** What neither storage took: it lives as long as the page. @type {Map<string, unknown>} */
const memory = new Map();

/** @typedef {{ at: string | null, iv: Uint8Array<ArrayBuffer>, sealed: ArrayBuffer }} Sealed A value as it lies in IndexedDB; `at` is the value's. */

/** @type {CryptoKey | null} */
let cipher = null;
/** @type {() => void} */
let keyKnown = () => {};
const keyed = new Promise((resolve) => { keyKnown = () => resolve(undefined); });

/** Encrypt with this key from now on; null: the panel has none. Nothing is read or written before this is called.
 * @param {string | null} key AES-256 as base64. */
export async function useKey(key) {
  const bytes = key === null ? null : Uint8Array.from(atob(key), (one) => one.charCodeAt(0));
  cipher = bytes && await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  keyKnown();
  for (const [key, value] of journalEntries()) if (value?.at && !value.sealed && !pending.has(key)) moveLeft(key, value);
}

/** Move what a crash has left in the journal. It may also be what another tab is just writing: the newer value counts.
 * @param {string} key @param {any} value */
async function moveLeft(key, value) {
  const raw = /** @type {any} */ (await seal(value)), text = JSON.stringify(value);
  const { ok } = await transact("readwrite", (store) => {
    const found = store.get(key);
    found.onsuccess = () => {
      if (journalled(key) === text && !(found.result?.at >= value.at)) store.put(raw, key); // else it was deleted meanwhile
    };
  });
  if (ok && journalled(key) === text) unjournal(key);
}

/** @param {any} value @returns {Promise<unknown>} */
async function seal(value) {
  if (!cipher) return value;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, cipher, new TextEncoder().encode(JSON.stringify(value)));
  return { at: value?.at ?? null, iv, sealed };
}

/** The value that lies in a storage; undefined when it was encrypted with another key (of another account).
 * @param {any} raw @returns {Promise<any>} */
export async function unseal(raw) {
  if (!raw?.sealed) return raw;
  if (!cipher) return undefined;
  try {
    const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytesOf(raw.iv) }, cipher, bytesOf(raw.sealed));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** A value that another page gave; undefined when it was not encrypted with this page's key: it may be anybody's.
 * @param {any} raw @returns {Promise<any>} */
export const unsealGiven = async (raw) => raw?.sealed ? unseal(raw) : undefined;

/** @param {string | ArrayBuffer | Uint8Array<ArrayBuffer>} value Bytes, or base64 of them from the journal. */
const bytesOf = (value) => typeof value === "string" ? Uint8Array.from(atob(value), (one) => one.charCodeAt(0)) : value;

/** A sealed value as text for the journal. @param {any} raw */
function textOf(raw) {
  const base64 = (/** @type {ArrayBuffer | Uint8Array} */ bytes) => btoa(Array.from(new Uint8Array(bytes), (one) => String.fromCharCode(one)).join(""));
  return JSON.stringify(raw?.sealed ? { at: raw.at, iv: base64(raw.iv), sealed: base64(raw.sealed) } : raw);
}

let trouble = () => {};
/** @param {() => void} listener Told when the browser would not keep an entry. */
export const onTrouble = (listener) => { trouble = listener; };
/** Whether something lives in this page only. */
export const unsafe = () => memory.size > 0;
/** Whether that value lives in this page only. @param {string} key */
export const onlyHere = (key) => memory.has(key);

/** This browser has no IndexedDB for us: nothing can be in it. */
let none = false;

function database() {
  opening ??= new Promise((resolve) => {
    const late = setTimeout(() => resolve(null), OPEN_WITHIN);
    /** @param {IDBDatabase | null} found */
    const done = (found) => {
      clearTimeout(late);
      resolve(found);
      opening = found && Promise.resolve(found); // also when it comes late; what failed is tried again when it is needed
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
      clearTimeout(late);
      none = true;
      resolve(null);
    }
  });
  return opening;
}

/** Run one transaction; false when IndexedDB does not take it.
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
      opening = null; // closed under us: open anew at the next write
      resolve({ ok: false });
    }
  });
}

/** @param {string} key @returns {string | null} */
function journalled(key) {
  try { return localStorage.getItem(JOURNAL + key); } catch { return null; }
}

/** @param {string} key @param {string} text */
function journal(key, text) {
  try { localStorage.setItem(JOURNAL + key, text); return true; } catch { return false; }
}

/** @param {string} key */
function unjournal(key) {
  try { localStorage.removeItem(JOURNAL + key); } catch { /* nothing was kept there */ }
}

/** Keep a value under a key; null removes it. Resolves when it is on the disk, with false when only this page has it.
 * One write at a time for each key: of values that come meanwhile the last one is written.
 * @param {string} key @param {unknown} value @returns {Promise<boolean>} */
export function put(key, value) {
  journal(key, JSON.stringify(value ?? null));
  const running = pending.get(key);
  if (running) {
    running.value = value;
    return running.done;
  }
  const entry = { value, done: Promise.resolve(false) };
  pending.set(key, entry);
  entry.done = flush(key, entry);
  return entry.done;
}

/** @param {string} key @param {{ value: unknown }} entry @returns {Promise<boolean>} */
async function flush(key, entry) {
  for (;;) {
    await keyed;
    const { value } = entry, raw = value === null ? null : await seal(value);
    if (entry.value !== value) continue;
    const { ok } = await transact("readwrite", (store) => { raw === null ? store.delete(key) : store.put(raw, key); });
    if (entry.value !== value) continue;
    pending.delete(key);
    memory.delete(key);
    const text = journalled(key), ours = text === JSON.stringify(value ?? null); // another tab may have written since
    // What does not fit into the journal has left an older value there.
    if (ok) { if (ours || text !== null && newer(value, read(text))) unjournal(key); return true; }
    if (ours) {
      if (value !== null) journal(key, textOf(raw)); // fails only where the plain text stays
      return true;
    }
    if (value === null) return true;
    memory.set(key, value);
    trouble();
    return false;
  }
}

/** Resolves when every write on its way has ended: whether all of them are on the disk. @returns {Promise<boolean>} */
export const settled = async () => (await Promise.all([...pending.values()].map(({ done }) => done))).every(Boolean);

/** Everything that is kept, by key: what IndexedDB has, under what the journal says. What was encrypted with another
 * key is left out.
 * @returns {Promise<Map<string, any>>} */
export async function all() {
  await keyed;
  const kept = new Map();
  for (const [key, raw] of await allRaw()) kept.set(key, await unseal(raw));
  for (const [key, value] of memory) kept.set(key, value);
  for (const [key, { value }] of pending) kept.set(key, value);
  for (const [key, value] of kept) if (value === null || value === undefined) kept.delete(key);
  return kept;
}

/** The names of what was encrypted with another key: of another account. @returns {Promise<string[]>} */
export async function foreign() {
  await keyed;
  const names = [];
  for (const [key, raw] of await allRaw()) if (!pending.has(key) && raw?.sealed && await unseal(raw) === undefined) names.push(key);
  return names;
}

/** Everything as it lies in the storages, mostly encrypted. The journal is read first: what leaves it while other pages
 * write is in IndexedDB by then, so no entry is missed. @returns {Promise<Map<string, any>>} */
export async function allRaw() {
  const left = journalEntries();
  /** @type {Map<string, any>} */
  const found = new Map();
  await transact("readonly", (store) => {
    const keys = store.getAllKeys(), values = store.getAll(); // in one transaction: each value belongs to its key
    values.onsuccess = () => keys.result.forEach((key, at) => found.set(String(key), values.result[at]));
  });
  for (const [key, value] of left) if (!newer(found.get(key), value)) found.set(key, value);
  return found;
}

/** Delete what another address has taken over, unless it was written again meanwhile. Journal and IndexedDB may hold
 * different states of it, where the page ended before its last write was in IndexedDB. Needs no key.
 * @param {string} key @param {string} at The value's, when it was taken over. */
export async function drop(key, at) {
  const left = journalled(key);
  if (left !== null && read(left)?.at <= at) unjournal(key);
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
      return /** @type {[string, any]} */ ([key, read(localStorage.getItem(name) ?? "null")]);
    });
  } catch {
    return [];
  }
}

/** One value, or null. @param {string} key @returns {Promise<any>} */
export async function get(key) {
  await keyed;
  if (pending.has(key)) return pending.get(key)?.value ?? null;
  if (memory.has(key)) return memory.get(key) ?? null;
  const text = journalled(key);
  const { result } = await transact("readonly", (store) => store.get(key));
  const left = text === null ? undefined : read(text);
  const raw = left === undefined || newer(result, left) ? result : left;
  return await unseal(raw) ?? null;
}

/** What a journal's text says; null where it cannot be read. @param {string} text @returns {any} */
function read(text) {
  try { return JSON.parse(text); } catch { return null; }
}

/** Whether what IndexedDB has was written after what the journal has. @param {any} stored @param {any} left */
const newer = (stored, left) => Boolean(left && stored?.at > left.at);

/** Whether what lies in IndexedDB can be read now: where it cannot, a value that is not in the journal may be there. */
export const readable = async () => (await transact("readonly", (store) => store.get("test"))).ok || none;

/** Put what follows from the value of a key, or remove it (null); what stays the same is not written. What this page puts
 * while the value is read counts; what another tab puts meanwhile may be lost, so keys that tabs share never change.
 * @param {string} key @param {(value: any) => unknown} next
 * @returns {Promise<boolean>} Whether that value is on the disk. */
export async function change(key, next) {
  const found = await get(key), running = pending.get(key);
  const before = running ? running.value : found, after = next(before);
  if (after !== before || memory.has(key)) return put(key, after);
  return running ? running.done : true;
}

/** Whether the browser keeps anything at all; told at once, not at the first loss. @returns {Promise<boolean>} */
export async function works() {
  if (journal("test", "null")) { unjournal("test"); return true; }
  return (await transact("readwrite", (store) => { store.put(1, "test"); store.delete("test"); })).ok;
}

/** A small setting of this browser, or null. @param {string} name @returns {string | null} */
export function setting(name) {
  try { return localStorage.getItem(`archisync-${name}`); } catch { return null; }
}

/** @param {string} name @param {string} value */
export function set(name, value) {
  try { localStorage.setItem(`archisync-${name}`, value); } catch { /* it is asked for again next time */ }
}

/** A value of this tab, or null. @param {string} name @returns {string | null} */
export function ofTab(name) {
  try { return sessionStorage.getItem(`archisync-${name}`); } catch { return null; }
}

/** What was chosen in this tab; in a tab where nothing was, what was chosen last in this browser. A choice in another tab
 * changes none that is at work. @param {string} name @returns {string | null} */
export function choice(name) {
  const found = ofTab(name) ?? setting(name);
  if (found !== null) setOfTab(name, found);
  return found;
}

/** @param {string} name @param {string} value */
export function choose(name, value) {
  setOfTab(name, value);
  set(name, value);
}

/** @param {string} name @param {string | null} value */
export function setOfTab(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(`archisync-${name}`);
    else sessionStorage.setItem(`archisync-${name}`, value);
  } catch { /* the tab is let in again after a reload */ }
}
