/*
 * The orders that this browser stores: the working copy of each tab, orders laid aside, and the outbox of saved drafts
 * that the panel does not have yet. Sending the outbox is here; the storage itself is in storage.js.
 */
import { access, account, call, PanelUnreachable, verifyPanel } from "./network.js";
import * as storage from "./storage.js";
import { language, t } from "./texts.js";
import { newId, rewritten } from "./value.js";

/** @typedef {{ customer: string, article: string, entry: import("./store.js").Entry, scans?: { code: string, forCustomer: boolean }[] }} Typed
 * Texts in boxes of the form, and scanned codes, that are not part of the order yet. Earlier versions stored no codes. */
/**
 * @typedef {object} Kept An entry of the storage.
 * @property {string} key Its key in the storage.
 * @property {"copy" | "aside" | "send"} kind A tab's working copy, an order laid aside, a saved draft in the outbox.
 * @property {string} id Of the order.
 * @property {string} tab Of the tab that wrote it.
 * @property {string} account
 * @property {string} profileId
 * @property {string} at When it was written.
 * @property {string} origin The address under which it was written.
 * @property {string} [language] Of its quantities as text; missing in entries of earlier versions.
 * @property {import("./value.js").Order} [order] Of a copy or an order laid aside.
 * @property {Typed} [typed] Of a copy or an order laid aside.
 * @property {string} [work] Of a copy or an order laid aside: the id of this editing of the order. One order may be edited twice
 *   at once (in two tabs, or two versions of a draft); each editing has an entry of its own.
 * @property {number | null} version Of the stored draft that was edited; null: the order is new.
 * @property {any} document The document for the panel; null while a quantity cannot be read.
 * @property {boolean} [touched] Of a copy or an order laid aside: the order itself differs from the stored draft, not only the
 *   boxes.
 * @property {boolean} [unchanged] Of a copy: a stored draft that was opened and not edited. A reload shows it again; it is not
 *   listed as unfinished.
 */
/** @typedef {{ saved: any, total: number } | { conflict: any } | { refused: string }
 *   | { pending: true, unreachable: boolean, reason: string, tryOthers: boolean, needsAccess: boolean }} SendResult
 * `saved`: the stored draft. `conflict`: the draft that is stored instead, null: it was deleted. `pending`: the draft stays in
 * the outbox. `tryOthers`: the panel may take other drafts all the same. `needsAccess`: the operator has to give this page
 * access. */

const LOCK = "archisync-tab:";
const SEND_LOCK_WITHIN = 10_000; // milliseconds; longer than a call of another tab may take
const LOCK_WITHIN = 400; // milliseconds; in a duplicated tab the original never releases the id
const LOCK_AFTER_RELOAD_WITHIN = 5_000; // milliseconds; after a reload the old page releases it, on a busy computer late
const LOCK_RETRY = 40; // milliseconds

let tab = "";
let release = () => {};

/** Take this tab's id: it survives a reload; a duplicated tab gets a new one.
 * @returns {Promise<{ tab: string, copyOf: string | null }>} `copyOf`: the tab that was duplicated, whose copy this one starts with. */
export async function claimTab() {
  const before = storage.readTabValue("tab");
  tab = before && await lockWithTimeout(before) ? before : newId();
  if (tab !== before) await lock(tab); // before this tab can be duplicated
  storage.writeTabValue("tab", tab);
  return { tab, copyOf: before && before !== tab ? before : null };
}

/** Take a new id for this tab: the copy under the old one cannot be read now, and must not be overwritten. */
export async function claimNewTab() {
  release();
  tab = newId();
  await lock(tab);
  storage.writeTabValue("tab", tab);
}

/** Lock a tab's id as soon as no other page has it; false after the time limit. @param {string} id */
async function lockWithTimeout(id) {
  const [entry] = performance.getEntriesByType("navigation");
  const reloaded = entry instanceof PerformanceNavigationTiming && entry.type === "reload";
  const deadline = performance.now() + (reloaded ? LOCK_AFTER_RELOAD_WITHIN : LOCK_WITHIN);
  for (;;) {
    if (await lock(id)) return true;
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY));
  }
}

/** Lock a tab's id until this page ends; false: another page has it. @param {string} id @returns {Promise<boolean>} */
function lock(id) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks.request(LOCK + id, { ifAvailable: true }, (granted) => {
      resolve(Boolean(granted));
      return granted && new Promise((done) => { release = () => done(undefined); });
    }).catch(() => resolve(false));
  });
}

/** Release this tab's id: the page is left. */
export const releaseTab = () => release();

/** Ids of the tabs in which a form is open now. @returns {Promise<Set<string>>} */
async function openTabs() {
  if (!navigator.locks) return new Set();
  const { held } = await navigator.locks.query();
  return new Set((held ?? []).map(({ name }) => name ?? "").filter((name) => name.startsWith(LOCK))
    .map((name) => name.slice(LOCK.length)));
}

/** @param {Kept["kind"]} kind @param {string} id */
const keyOf = (kind, id) => `${kind}:${id}`;
const stamp = () => ({ tab, account: account(), profileId: access()?.profileId ?? "", at: new Date().toISOString(),
  origin: location.origin, language });

/** An entry with its quantities written in this page's language: "1.000" is a thousand in Italian and one in English.
 * @template {Kept | null} K @param {K} entry @returns {K} */
function inPageLanguage(entry) {
  const from = entry?.language;
  if (!entry?.order || !from || from === language) return entry;
  const translated = (/** @type {string} */ text) => rewritten(text, from, language);
  const lines = entry.order.lines.map((line) => ({ ...line, qtyText: translated(line.qtyText) }));
  const typed = entry.typed && { ...entry.typed, entry: { ...entry.typed.entry, qtyText: translated(entry.typed.entry.qtyText) } };
  return { ...entry, order: { ...entry.order, lines }, typed, language };
}

/** Store this tab's working copy; null deletes it.
 * @param {{ order: import("./value.js").Order, typed: Typed, document: any, work: string, touched: boolean, unchanged: boolean } | null} copy */
export function keepCopy(copy) {
  const key = copyKey();
  if (!copy) return storage.put(key, null);
  return storage.put(key, { ...stamp(), ...copy, key, kind: "copy", id: copy.order.id, version: copy.order.version });
}

/** The key of this tab's working copy. */
export const copyKey = () => keyOf("copy", tab);

/** The key of an order laid aside, by its editing. @param {string} work */
export const asideKey = (work) => keyOf("aside", work);

/** Lay an order aside: it is listed as unfinished. It replaces an earlier state of the same editing.
 * @param {{ order: import("./value.js").Order, work: string, document: any, typed?: Typed, touched?: boolean }} editing */
export function layAside({ order, work, document, typed, touched }) {
  const key = asideKey(work);
  return storage.put(key, { ...stamp(), key, kind: "aside", id: order.id, order, version: order.version, document, typed, touched, work });
}

/** Put a saved draft into the outbox. Each save has a key of its own and is never changed: two tabs may save one draft
 * while the panel is unreachable. `kept` resolves with false when the browser does not store it.
 * @param {string} id @param {number | null} version @param {any} document @returns {{ entry: Kept, kept: Promise<boolean> }} */
export function addToOutbox(id, version, document) {
  const key = keyOf("send", newId());
  /** @type {Kept} */
  const entry = { ...stamp(), key, kind: "send", id, version, document };
  return { entry, kept: storage.put(key, entry) };
}

/** @param {string} key */
export const deleteEntry = (key) => storage.put(key, null);

/** Delete an entry whose order this page shows now, unless it is the working copy of a tab that has it open again.
 * @param {string} key */
export async function deleteTakenUp(key) {
  const entry = await storage.get(key);
  if (entry?.kind !== "copy" || !(await openTabs()).has(entry.tab)) await deleteEntry(key);
}

/** Delete an entry, unless it was written again meanwhile. @param {Kept} entry */
export const deleteIfSame = (entry) => storage.change(entry.key, (now) => now?.at === entry.at ? null : now);

/** Whether an entry belongs to this page's account. An entry of the first version has no account and does.
 * @param {{ account?: string }} entry */
export const isOwn = (entry) => !entry.account || entry.account === account();

const KINDS = ["copy", "aside", "send"];
/** Whether a value from another address is an entry of this page's account. @param {any} entry */
const isEntry = (entry) => KINDS.includes(entry?.kind) && typeof entry.key === "string" && typeof entry.at === "string"
  && isId(entry.id) && isOwn(entry);

/** Whether the panel accepts it as the id of a draft. It becomes part of a URL: another text would call something else.
 * @param {unknown} id */
const isId = (id) => typeof id === "string" && /^[A-Za-z0-9_-]{16,64}$/.test(id);

/** The working copy of a tab, or null. @param {string} id @returns {Promise<Kept | null>} */
export async function copyOf(id) {
  const found = await storage.get(keyOf("copy", id));
  return found && isOwn(found) ? inPageLanguage(found) : null;
}

/** Leave this tab's working copy alone when it belongs to another account: this page takes a new tab id. Resolves with
 * whether that was so. */
export async function leaveForeignCopy() {
  const found = await storage.get(copyKey());
  if (found ? isOwn(found) : !(await storage.undecryptableKeys()).includes(copyKey())) return false;
  await claimNewTab();
  return true;
}

/** Whether this browser stores an unsaved order of another account. */
export async function hasForeignEntries() {
  const isOrder = (/** @type {string} */ key) => /^(aside|send):/.test(key);
  return (await storage.undecryptableKeys()).some(isOrder)
    || [...await storage.all()].some(([key, entry]) => isOrder(key) && entry.account && !isOwn(entry));
}

/** The orders of this account that are only in this browser, newest first, without copies of open tabs and unchanged
 * ones.
 * @returns {Promise<Kept[]>} */
export async function unsavedEntries() {
  const [kept, open] = await Promise.all([storage.all(), openTabs()]);
  return /** @type {Kept[]} */ ([...kept.values()].map(inPageLanguage))
    .filter((entry) => entry?.kind && isOwn(entry) && (entry.kind !== "copy" || !entry.unchanged && !open.has(entry.tab)))
    .sort((a, b) => b.at.localeCompare(a.at));
}

/** The unsaved entry of an order to continue with: the one with that key, or the newest.
 * @param {string} id @param {string | null} [key] @returns {Promise<Kept | null>} */
export async function unsavedEntryOf(id, key) {
  const found = (await unsavedEntries()).filter((entry) => entry.id === id);
  return found.find((entry) => entry.key === key) ?? found[0] ?? null;
}

/** Whether an entry is still unsaved as it was read: no tab has opened, changed or sent it since. @param {Kept} entry */
export const isStillUnsaved = async (entry) =>
  (await unsavedEntries()).some((found) => found.key === entry.key && found.at === entry.at);

/** Whether an order is open in another tab. @param {string} id */
export async function isOpenElsewhere(id) {
  const [kept, open] = await Promise.all([storage.all(), openTabs()]);
  return [...kept.values()].some((entry) => entry?.kind === "copy" && entry.id === id && entry.tab !== tab && isOwn(entry) && open.has(entry.tab));
}

/** Whether the outbox has another save of the same draft. @param {Kept} entry */
export const hasOtherSave = async (entry) =>
  (await unsavedEntries()).some((other) => other.kind === "send" && other.id === entry.id && other.key !== entry.key);

/** Store entries from another address of the panel. Of two states of one editing the newer counts; every save is kept.
 * @param {Kept[]} entries @returns {Promise<Kept[]>} Those that the other address may delete: they are on the disk here. */
export async function adopt(entries) {
  const adopted = [];
  for (const entry of entries.filter(isEntry)) {
    const renamed = entry.kind === "send" ? asSave(entry) : asAside(entry);
    const panelHasIt = entry.unchanged || stored.has(stateOf(renamed)); // this page took it over before, and sent it
    if (panelHasIt || await storage.change(renamed.key, (mine) => mine?.at >= renamed.at ? mine : renamed)) adopted.push(entry);
  }
  return adopted;
}

/** An entry from another address as an order laid aside here; the same entry gets the same key each time.
 * @param {Kept} entry @returns {Kept} */
const asAside = (entry) => ({ ...entry, key: asideKey(entry.work ?? `${entry.key}:${entry.at}`), kind: "aside" });

/** A saved draft under a key that no other save has: earlier versions used the order's id.
 * @param {Kept} entry @returns {Kept} */
const asSave = (entry) => entry.key === keyOf("send", entry.id) ? { ...entry, key: `${entry.key}:${entry.at}` } : entry;

// ---------------------------------------------------------------------------------------------- sending

/** The last send of each draft: sends of one draft follow one another. @type {Map<string, Promise<unknown>>} */
const sending = new Map();
/** Answers to saves of this page, by {@link stateOf} the entry. @type {Map<string, { saved: any, total: number }>} */
const stored = new Map();

/** Why the panel did not accept an entry when this page sent it last, by {@link stateOf} the entry.
 * @type {Map<string, { conflict: any } | { refused: string }>} */
const rejections = new Map();
/** @param {Kept} entry */
export const rejectionOf = (entry) => rejections.get(stateOf(entry)) ?? null;
/** Identifies one written state of an entry. @param {Kept} entry */
const stateOf = ({ key, at }) => `${key} ${at}`;

/** Send one draft. It stays in the outbox until the panel has it on its disk. Does not wait for the operator to give
 * this page access: other tabs may be waiting for its end.
 * @param {Kept} entry @returns {Promise<SendResult>} */
export function send(entry) {
  const sent = (sending.get(entry.id) ?? Promise.resolve()).then(() => sendNow(entry)).then((result) => {
    if ("conflict" in result || "refused" in result) rejections.set(stateOf(entry), result);
    return result;
  });
  const settled = sent.catch(() => {}).then(() => { if (sending.get(entry.id) === settled) sending.delete(entry.id); });
  sending.set(entry.id, settled);
  return sent;
}

/** @param {string} reason @param {{ unreachable?: boolean, status?: number }} [how] `status`: of the panel's answer.
 * @returns {SendResult} */
const pending = (reason, { unreachable = false, status = 0 } = {}) =>
  ({ pending: true, unreachable, reason, tryOthers: status >= 500, needsAccess: status === 401 });

/** @param {Kept} entry @returns {Promise<SendResult>} */
async function sendNow(entry) {
  // It may have been read from the outbox before its send ended; sent again, it would conflict with a later save.
  const before = stored.get(stateOf(entry));
  if (before) {
    await deleteIfSame(entry); // the handover from another port may have added it again meanwhile
    return before;
  }
  if (!isId(entry.id)) return { refused: t("draft.broken") };
  let status, answer;
  try {
    /** @type {Record<string, string>} */
    const headers = entry.version ? { "If-Match": `"${entry.version}"` } : {};
    ({ status, answer } = await call(`/api/drafts/${encodeURIComponent(entry.id)}`, { method: "PUT", body: entry.document, headers, waitForAccess: false }));
  } catch (error) {
    const unreachable = error instanceof PanelUnreachable && error.reason === "panel.away";
    return pending(error instanceof Error ? error.message : String(error), { unreachable });
  }
  if (status === 200 || status === 201) {
    if (!Number.isInteger(answer.draft?.version)) throw new TypeError(`no draft in the answer ${status}`); // it stays in the outbox
    const problem = await verifyPanel(); // another program may have taken the port just before the answer
    if (problem) return pending(problem.message, { unreachable: problem.reason === "panel.away" });
    const sent = { saved: answer.draft, total: answer.total };
    stored.set(stateOf(entry), sent);
    await deleteIfSame(entry);
    return sent;
  }
  if (status === 412) return { conflict: answer.current };
  if (status >= 500 || status === 429 || status === 401) return pending(answer.error, { status });
  return { refused: [answer.error, answer.hint].filter(Boolean).join(" ") };
}

/** Run `act` while no other tab sends the outbox. After 10 s it stops waiting for the other tab and runs `otherwise`.
 * @template T @param {() => Promise<T>} act @param {() => Promise<T>} [otherwise] */
async function withSendLock(act, otherwise = act) {
  if (!navigator.locks) return act();
  try {
    return await navigator.locks.request("archisync-send", { signal: AbortSignal.timeout(SEND_LOCK_WITHIN) }, act);
  } catch (error) {
    if (error instanceof DOMException && ["AbortError", "TimeoutError"].includes(error.name)) return otherwise();
    throw error;
  }
}

/** Send all drafts of the outbox, the oldest first, one tab at a time; resolves with the entries that are left (see
 * {@link unsavedEntries}). It tries each of them, unless the panel is unreachable. After a conflict the user has to
 * decide.
 * @returns {Promise<Kept[]>} */
export const sendOutbox = () => withSendLock(sendAll, unsavedEntries);

async function sendAll() {
  const tried = new Set();
  for (;;) {
    // Read again each time: another tab, or the handover from another port, may have added a draft.
    const left = await unsavedEntries();
    const entry = left.findLast((one) => one.kind === "send" && !tried.has(stateOf(one)));
    if (!entry) return left;
    tried.add(stateOf(entry));
    // A draft on which our code throws must not stop the others; the error is reported all the same.
    const result = await send(entry).catch((error) => { setTimeout(() => { throw error; }); });
    if (result && "pending" in result && !result.tryOthers) return unsavedEntries();
  }
}

/** Take a draft out of the outbox and lay it aside, to be edited. Resolves with false when it is not there: another tab
 * has sent it or taken it.
 * @param {string} key @param {Parameters<typeof layAside>[0]} editing @returns {Promise<boolean>} */
export const takeFromOutbox = (key, editing) => withSendLock(async () => {
  if (!await storage.get(key)) return false;
  await moveAside(key, editing);
  return true;
});

/** Lay a draft of the outbox aside. It leaves the outbox only when the order laid aside is stored as safely.
 * @param {string} key @param {Parameters<typeof layAside>[0]} editing */
export async function moveAside(key, editing) {
  if (await layAside(editing) || storage.isUnstored(key)) await deleteEntry(key);
}
