/*
 * What this browser keeps of orders: each tab's working copy, orders laid aside, and the outbox of saved drafts that the
 * panel does not have yet. Sending is here, the storage itself in storage.js.
 */
import { account, call, doubt, key, PanelAway } from "./network.js";
import * as storage from "./storage.js";
import { language, t } from "./texts.js";
import { newId, rewritten } from "./value.js";

/** @typedef {{ customer: string, article: string, entry: import("./store.js").Entry }} Typed In the boxes of the form. */
/**
 * @typedef {object} Kept
 * @property {string} key Its name in the storage.
 * @property {"copy" | "aside" | "send"} kind A tab's working copy, an order laid aside, a saved draft to be sent.
 * @property {string} id Of the order.
 * @property {string} tab Of the tab that wrote it.
 * @property {string} account
 * @property {string} profileId
 * @property {string} at When it was written.
 * @property {string} origin Where it was written.
 * @property {string} [language] In which its quantities are written; missing in what earlier versions kept.
 * @property {import("./value.js").Order} [order] Of a copy or an order laid aside.
 * @property {Typed} [typed] Of a copy or an order laid aside.
 * @property {string} [work] Of a copy or an order laid aside: which writing of the order it is. One order may be written
 *   in two ways at once (two tabs, two versions of a draft), and none of them takes another's place.
 * @property {number | null} version The stored draft's version that it follows.
 * @property {any} document As the panel would store it; null while a quantity cannot be read.
 * @property {boolean} [touched] Of a copy or an order laid aside: the order differs from what is stored, not only the boxes.
 * @property {boolean} [unchanged] Of a copy: it is a stored draft in which nothing was typed. A reload goes on with it;
 *   it is no unfinished order.
 */
/** @typedef {{ saved: any, total: number } | { conflict: any } | { refused: string } | { here: boolean, away: boolean, why: string, others: boolean, shut: boolean }} Sent `others`:
 * another draft may be taken all the same. `shut`: the operator has to let this page in. */

const LOCK = "archisync-tab:";
const OTHER_TAB_WITHIN = 10_000; // as long as another tab's call may take
const CLAIM_WITHIN = 400; // a tab that was duplicated keeps its id
const RELOAD_WITHIN = 5_000; // a reloaded page gives its id up, however busy the computer is
const CLAIM_EVERY = 40;

let tab = "";
let release = () => {};

/** This tab's id: it survives a reload, and a duplicated tab gets one of its own.
 * @returns {Promise<{ tab: string, copyOf: string | null }>} `copyOf`: the tab whose copy this one begins with. */
export async function claimTab() {
  const before = storage.ofTab("tab");
  tab = before && await givenUp(before) ? before : newId();
  if (tab !== before) await hold(tab); // before anybody can duplicate the tab
  storage.setOfTab("tab", tab);
  return { tab, copyOf: before && before !== tab ? before : null };
}

/** Go on as another tab: what was kept under this one's id cannot be read now, and must not be overwritten. */
export async function claimAnotherTab() {
  release();
  tab = newId();
  await hold(tab);
  storage.setOfTab("tab", tab);
}

/** Hold the id that this tab had, once no other page does. @param {string} id */
async function givenUp(id) {
  const [entry] = performance.getEntriesByType("navigation");
  const reloaded = entry instanceof PerformanceNavigationTiming && entry.type === "reload";
  const late = performance.now() + (reloaded ? RELOAD_WITHIN : CLAIM_WITHIN);
  for (;;) {
    if (await hold(id)) return true;
    if (performance.now() >= late) return false;
    await new Promise((resolve) => setTimeout(resolve, CLAIM_EVERY));
  }
}

/** Hold an id while the page is there; false: another page holds it. @param {string} id @returns {Promise<boolean>} */
function hold(id) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks.request(LOCK + id, { ifAvailable: true }, (lock) => {
      resolve(Boolean(lock));
      return lock && new Promise((done) => { release = () => done(undefined); });
    }).catch(() => resolve(false));
  });
}

/** Give this tab's id up: the page is left. */
export const releaseTab = () => release();

/** Ids of the tabs that are open now. @returns {Promise<Set<string>>} */
async function openTabs() {
  if (!navigator.locks) return new Set();
  const { held } = await navigator.locks.query();
  return new Set((held ?? []).map(({ name }) => name ?? "").filter((name) => name.startsWith(LOCK))
    .map((name) => name.slice(LOCK.length)));
}

/** @param {Kept["kind"]} kind @param {string} of */
const nameOf = (kind, of) => `${kind}:${of}`;
const stamp = () => ({ tab, account: account(), profileId: key()?.profileId ?? "", at: new Date().toISOString(),
  origin: location.origin, language });

/** An entry with its quantities as this page's language writes them: "1.000" is a thousand in one and one in the other.
 * @template {Kept | null} K @param {K} entry @returns {K} */
function inThisLanguage(entry) {
  const from = entry?.language;
  if (!entry?.order || !from || from === language) return entry;
  const written = (/** @type {string} */ text) => rewritten(text, from, language);
  const lines = entry.order.lines.map((line) => ({ ...line, qtyText: written(line.qtyText) }));
  const typed = entry.typed && { ...entry.typed, entry: { ...entry.typed.entry, qtyText: written(entry.typed.entry.qtyText) } };
  return { ...entry, order: { ...entry.order, lines }, typed, language };
}

/** Keep this tab's working copy; null: there is nothing to keep.
 * @param {{ order: import("./value.js").Order, typed: Typed, document: any, work: string, touched: boolean, unchanged: boolean } | null} copy */
export function keepCopy(copy) {
  const name = copyName();
  if (!copy) return storage.put(name, null);
  return storage.put(name, { ...stamp(), ...copy, key: name, kind: "copy", id: copy.order.id, version: copy.order.version });
}

/** Under this name this tab's working copy is kept. */
export const copyName = () => nameOf("copy", tab);

/** Under this name a writing of an order is laid aside. @param {string} work */
export const asideOf = (work) => nameOf("aside", work);

/** Lay an order aside: it is shown among those not saved. Another state of the same writing takes its place.
 * @param {{ order: import("./value.js").Order, work: string, document: any, typed?: Typed, touched?: boolean }} what */
export function layAside({ order, work, document, typed, touched }) {
  const name = asideOf(work);
  return storage.put(name, { ...stamp(), key: name, kind: "aside", id: order.id, order, version: order.version, document, typed, touched, work });
}

/** Put a saved draft into the outbox. Each save has a name of its own and is never changed: two tabs may save one draft
 * while the panel is away. `kept` resolves with false when the browser does not keep it.
 * @param {string} id @param {number | null} version @param {any} document @returns {{ entry: Kept, kept: Promise<boolean> }} */
export function post(id, version, document) {
  const name = nameOf("send", newId());
  /** @type {Kept} */
  const entry = { ...stamp(), key: name, kind: "send", id, version, document };
  return { entry, kept: storage.put(name, entry) };
}

/** @param {string} name */
export const forget = (name) => storage.put(name, null);

/** Delete an entry, unless it was written again meanwhile. @param {Kept} entry */
export const remove = (entry) => storage.change(entry.key, (now) => now?.at === entry.at ? null : now);

/** Whether an entry is of the account that this page works for. Entries of the version before that could be read are.
 * @param {{ account?: string }} entry */
export const ours = (entry) => !entry.account || entry.account === account();

const KINDS = ["copy", "aside", "send"];
/** Whether what another address gave is an entry of this page's account. @param {any} entry */
const isEntry = (entry) => KINDS.includes(entry?.kind) && typeof entry.key === "string" && typeof entry.at === "string"
  && isId(entry.id) && ours(entry);

/** Whether the panel takes it for the id of a draft. It becomes a part of an address: another text would lead to another call.
 * @param {unknown} id */
const isId = (id) => typeof id === "string" && /^[A-Za-z0-9_-]{16,64}$/.test(id);

/** The working copy of a tab, or null. @param {string} of @returns {Promise<Kept | null>} */
export async function copyOf(of) {
  const found = await storage.get(nameOf("copy", of));
  return found && ours(found) ? inThisLanguage(found) : null;
}

/** Leave what another account has written in this tab: it stays, and this page takes another id. Resolves with false when
 * there is no such thing. */
export async function leaveOthersCopy() {
  const found = await storage.get(copyName());
  if (found ? ours(found) : !(await storage.foreign()).includes(copyName())) return false;
  await claimAnotherTab();
  return true;
}

/** Whether an order of another account waits in this browser. */
export async function othersWait() {
  const waits = (/** @type {string} */ name) => /^(aside|send):/.test(name);
  return (await storage.foreign()).some(waits) || [...await storage.all()].some(([name, one]) => waits(name) && one.account && !ours(one));
}

/** All that this account has not in the panel, newest first; copies of open tabs and unchanged ones are left out.
 * @returns {Promise<Kept[]>} */
export async function waiting() {
  const [kept, open] = await Promise.all([storage.all(), openTabs()]);
  return /** @type {Kept[]} */ ([...kept.values()].map(inThisLanguage))
    .filter((one) => one?.kind && ours(one) && (one.kind !== "copy" || !one.unchanged && !open.has(one.tab)))
    .sort((a, b) => b.at.localeCompare(a.at));
}

/** The entry to go on with for an order: the one of that name, or what was kept last of it here.
 * @param {string} id @param {string | null} [name] @returns {Promise<Kept | null>} */
export async function waitingFor(id, name) {
  const found = (await waiting()).filter((one) => one.id === id);
  return found.find((one) => one.key === name) ?? found[0] ?? null;
}

/** Whether an order is being written in another open tab. @param {string} id */
export async function isWrittenElsewhere(id) {
  const [kept, open] = await Promise.all([storage.all(), openTabs()]);
  return [...kept.values()].some((one) => one?.kind === "copy" && one.id === id && one.tab !== tab && ours(one) && open.has(one.tab));
}

/** Whether the draft that an entry of the outbox saves was saved by another one, too. @param {Kept} entry */
export const savedTwice = async (entry) =>
  (await waiting()).some((one) => one.kind === "send" && one.id === entry.id && one.key !== entry.key);

/** Take over what another address of the panel has kept. Of two states of one writing the newer one counts; each draft to be
 * sent is sent.
 * @param {Kept[]} entries @returns {Promise<Kept[]>} Those that need not be kept there any longer: they are on the disk here. */
export async function adopt(entries) {
  const taken = [];
  for (const entry of entries.filter(isEntry)) {
    if (entry.unchanged) { taken.push(entry); continue; } // the panel has it
    const adopted = entry.kind === "send" ? asSave(entry) : asAside(entry);
    if (await storage.change(adopted.key, (mine) => mine?.at >= adopted.at ? mine : adopted)) taken.push(entry);
  }
  return taken;
}

/** An entry of another address as an order laid aside here; the same one is named the same each time.
 * @param {Kept} entry @returns {Kept} */
const asAside = (entry) => ({ ...entry, key: asideOf(entry.work ?? `${entry.key}:${entry.at}`), kind: "aside" });

/** A draft to be sent under a name that no other save has: earlier versions named it by the order. @param {Kept} entry @returns {Kept} */
const asSave = (entry) => entry.key === nameOf("send", entry.id) ? { ...entry, key: `${entry.key}:${entry.at}` } : entry;

// ---------------------------------------------------------------------------------------------- sending

/** Sends of one draft go one after the other. @type {Map<string, Promise<unknown>>} */
const sending = new Map();
/** What this page stored, by the entry's state. @type {Map<string, { saved: any, total: number }>} */
const stored = new Map();

/** Why the panel did not take an entry when this page sent it last: it met another version (null: a deleted one), or was
 * refused. @type {Map<string, { conflict: any } | { refused: string }>} */
const untaken = new Map();
/** @param {Kept} entry */
export const whyUntaken = (entry) => untaken.get(stateOf(entry)) ?? null;
/** An entry as it was written then. @param {Kept} entry */
const stateOf = ({ key: name, at }) => `${name} ${at}`;

/** Send one draft. It stays in the outbox until the panel has it on its disk. Nothing waits here until the operator has let this
 * page in: other tabs wait for the end of it.
 * @param {Kept} entry @returns {Promise<Sent>} */
export function send(entry) {
  const sent = (sending.get(entry.id) ?? Promise.resolve()).then(() => sendNow(entry)).then((result) => {
    if ("conflict" in result || "refused" in result) untaken.set(stateOf(entry), result);
    return result;
  });
  const settled = sent.catch(() => {}).then(() => { if (sending.get(entry.id) === settled) sending.delete(entry.id); });
  sending.set(entry.id, settled);
  return sent;
}

/** A draft that stays in the outbox. @param {string} why @param {{ away?: boolean, status?: number }} [how] `status`: of the panel's answer.
 * @returns {Sent} */
const stays = (why, { away = false, status = 0 } = {}) => ({ here: true, away, why, others: status >= 500, shut: status === 401 });

/** @param {Kept} entry @returns {Promise<Sent>} */
async function sendNow(entry) {
  // Read from the outbox while it was being sent. Sent again, it would meet a conflict with what followed it.
  const before = stored.get(stateOf(entry));
  if (before) return before;
  if (!isId(entry.id)) return { refused: t("draft.broken") };
  let status, answer;
  try {
    /** @type {Record<string, string>} */
    const headers = entry.version ? { "If-Match": `"${entry.version}"` } : {};
    ({ status, answer } = await call(`/api/drafts/${encodeURIComponent(entry.id)}`, { method: "PUT", body: entry.document, headers, atDoor: false }));
  } catch (error) {
    const away = error instanceof PanelAway && error.why === "panel.away";
    return stays(error instanceof Error ? error.message : String(error), { away });
  }
  if (status === 200 || status === 201) {
    if (!Number.isInteger(answer.draft?.version)) throw new TypeError(`no draft in the answer ${status}`); // it stays in the outbox
    const wrong = await doubt(); // another program may have taken the port just before
    if (wrong) return stays(wrong.message, { away: wrong.why === "panel.away" });
    const sent = { saved: answer.draft, total: answer.total };
    stored.set(stateOf(entry), sent);
    await remove(entry);
    return sent;
  }
  if (status === 412) return { conflict: answer.current };
  if (status >= 500 || status === 429 || status === 401) return stays(answer.error, { status });
  return { refused: [answer.error, answer.hint].filter(Boolean).join(" ") };
}

/** Act while no other tab sends what waits. A tab that takes too long is not waited for.
 * @template T @param {() => Promise<T>} act @param {() => Promise<T>} [otherwise] Done instead where another tab goes on sending. */
async function alone(act, otherwise = act) {
  if (!navigator.locks) return act();
  try {
    return await navigator.locks.request("archisync-send", { signal: AbortSignal.timeout(OTHER_TAB_WITHIN) }, act);
  } catch (error) {
    if (error instanceof DOMException && ["AbortError", "TimeoutError"].includes(error.name)) return otherwise();
    throw error;
  }
}

/** Send all that waits, the oldest first, one tab at a time; resolves with what waits after that (see {@link waiting}). Each
 * draft in it was tried, unless the panel does not answer. A conflict stays, for the person to decide.
 * @returns {Promise<Kept[]>} */
export const sendWaiting = () => alone(sendAll, waiting);

async function sendAll() {
  const tried = new Set();
  for (;;) {
    // Read anew each time: another tab, or the handover from another port, may have brought a draft meanwhile.
    const left = await waiting();
    const entry = left.findLast((one) => one.kind === "send" && !tried.has(stateOf(one)));
    if (!entry) return left;
    tried.add(stateOf(entry));
    // A draft that makes our code throw must not stop the others; the error is still reported.
    const result = await send(entry).catch((error) => { setTimeout(() => { throw error; }); });
    if (result && "here" in result && !result.others) return waiting();
  }
}

/** Lay a draft of the outbox aside, to be written on: it is not sent any more. Resolves with false when it is not there: another
 * tab has sent it, or has taken it.
 * @param {string} name @param {Parameters<typeof layAside>[0]} what @returns {Promise<boolean>} */
export const takeBack = (name, what) => alone(async () => {
  if (!await storage.get(name)) return false;
  await moveAside(name, what);
  return true;
});

/** Lay a draft of the outbox aside. It leaves the outbox only when the aside copy is kept as safely.
 * @param {string} name @param {Parameters<typeof layAside>[0]} what */
export async function moveAside(name, what) {
  if (await layAside(what) || storage.onlyHere(name)) await forget(name);
}
