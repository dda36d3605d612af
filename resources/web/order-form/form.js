/* The order form starts here: gets access, restores the tab's order, opens the session, and draws. */
import { boxes, conflict, conflictWithShown, loadShown, onSaved, takeUp } from "./actions.js";
import * as keep from "./keep.js";
import { access, account, call, errorText, getAccess, waitForBrowserKey } from "./network.js";
import * as operations from "./operations.js";
import { refreshSession, startSession } from "./session.js";
import * as start from "./start.js";
import * as storage from "./storage.js";
import { currentEditing, drawWith, focus, holdDrawing, inBoxes, isChanged, keepNow, note, now, order, resumeDrawing, startKeeping, stopKeeping, update } from "./store.js";
import { ago, language, t } from "./texts.js";
import { fromDocument, isEmpty, newId } from "./value.js";
import { rowsChanged } from "./view/combo.js";
import { customerCombo } from "./view/customer.js";
import { productCombo } from "./view/entry.js";
import { drawPage, noteAtTop, shortcuts } from "./view/page.js";
import { rejectionText } from "./view/parts.js";
import { watchScanner } from "./view/scanner.js";

const RESEND_EVERY = 15_000; // milliseconds
const DAY_EVERY = 60_000; // milliseconds

/** Count the drafts in the outbox, and collect why the panel rejected some of them. */
async function countUnsent() {
  const outbox = (await keep.unsavedEntries()).filter((entry) => entry.kind === "send"), unsent = outbox.length;
  const rejected = outbox.map((entry) => ({ key: entry.key, id: entry.id, text: rejectionText(entry) })).filter(({ text }) => text);
  if (unsent !== now().unsent || JSON.stringify(rejected) !== JSON.stringify(now().rejected)) update({ unsent, rejected });
}

async function resend() {
  if (!access()) return;
  await countUnsent();
  if (now().unsent) {
    await keep.sendOutbox();
    await countUnsent();
  }
}

/** Show the order of this tab's working copy. @param {keep.Kept} copy */
function restore(copy) {
  if (!copy.order) return;
  const { typed } = copy;
  update({ touched: copy.touched ?? !copy.unchanged, work: copy.work ?? newId(), history: operations.begin(copy.order), ...boxes(typed) });
  loadShown(typed);
}

/** Compare the draft that is shown with the stored one. If that was changed elsewhere, it is shown instead, or beside
 * the changes made here. */
async function compareShown() {
  const { id, version } = order();
  if (!version || now().conflict) return;
  const { status, answer } = await call(`/api/drafts/${encodeURIComponent(id)}`);
  if (order().id !== id || order().version !== version || now().conflict || ![200, 404].includes(status)) return;
  const stored = status === 200 ? answer.draft : null;
  if (stored?.version === version) return;
  const { typed, work } = currentEditing();
  if (stored && !isChanged(now())) edit(fromDocument(stored, language), { typed, from: keep.asideKey(work), stay: true });
  else await conflictWithShown(stored);
}

/** The unsaved entry of an order. If it is in the outbox, it is sent first; null when the panel has it then.
 * @param {string} id @param {string | null} key Of the entry. */
async function unsavedOf(id, key) {
  const found = await keep.unsavedEntryOf(id, key);
  if (found?.kind !== "send") return found;
  const left = await keep.sendOutbox();
  return left.find((entry) => entry.key === found.key) ?? (key === found.key ? null : keep.unsavedEntryOf(id));
}

/** Open the draft, the copy of a draft, or the unsaved order in the address; when the unsaved order and the stored
 * draft differ, both are shown. @param {URLSearchParams} params */
async function open(params) {
  const id = params.get("draft"), copyId = params.get("copy"), key = params.get("kept"), focused = document.activeElement;
  // The changes on the page are newer than anything that could be opened.
  const isBeingEdited = () => order().id === id && (isChanged(now()) || inBoxes()) && (!key || key === keep.copyKey());
  if (isBeingEdited()) { await compareShown(); return; }
  const local = id ? await unsavedOf(id, key) : null;
  // The panel has no draft of an order that was never saved.
  const { status, answer } = local && !local.version && !copyId ? { status: 404, answer: null }
    : await call(`/api/drafts/${encodeURIComponent(id ?? copyId ?? "")}`);
  if (isBeingEdited()) { await compareShown(); return; } // since the panel was asked
  const stay = ![focused, document.body].includes(document.activeElement); // the agent has gone to another field
  const stored = status === 200 ? answer.draft : null;
  if (copyId) {
    if (!stored && status !== 404) throw new Error(errorText({ status, answer }));
    if (!stored) { noteAtTop(errorText({ status, answer })); return; }
    const copied = fromDocument(stored, language);
    const desiredDate = copied.desiredDate < now().day ? "" : copied.desiredDate; // a past date is not copied
    takeUp({ ...copied, id: newId(), version: null, savedAt: null, date: null, desiredDate, lines: copied.lines.map((line) => ({ ...line, live: true })) }, { stay });
    return;
  }
  if (!local && !stored) {
    if (status !== 404) throw new Error(errorText({ status, answer }));
    noteAtTop(id && await keep.isOpenElsewhere(id) ? t("open.elsewhere") : errorText({ status, answer }));
    return;
  }
  if (!local) { edit(fromDocument(stored, language), { stay }); return; }
  if (local.kind !== "send" && !await keep.isStillUnsaved(local)) {
    await open(params); // another tab has it open again, which may have changed it
    return;
  }
  const mine = local.order ?? fromDocument(local, language), { typed } = local, work = newId();
  if (local.kind === "send" && !await keep.takeFromOutbox(local.key, { order: mine, work, document: local.document })) {
    await open(params); // another tab has sent it
    return;
  }
  const from = local.kind === "send" ? keep.asideKey(work) : local.key;
  if (stored && local.touched === false) edit(fromDocument(stored, language), { from, typed, stay });
  else if (stored && stored.version !== local.version) conflict({ mine, typed, from, current: stored, opening: true });
  else takeUp(mine, { touched: true, from, typed, stay });
}

/** Open what the address names, if anything. After an error the address stays, and a click or a reload tries again. */
async function openFromAddress() {
  const hash = location.hash, params = new URLSearchParams(hash.slice(1));
  if (!params.has("draft") && !params.has("copy")) return;
  try {
    await open(params);
    if (location.hash === hash) history.replaceState(null, "", location.pathname);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (location.hash === hash) note("top", { text, label: t("panel.retry"), act: () => { note("top", null); openFromAddress(); } });
  }
}

/** Show a stored draft to be edited.
 * @param {import("./value.js").Order} draft @param {Parameters<typeof takeUp>[1]} [how] */
function edit(draft, how) {
  takeUp(draft, how);
  update({ said: { text: t("editing", { time: draft.savedAt ? ago(draft.savedAt) : "–" }), tone: "soft" } });
}

async function begin() {
  start.begin("title.form", (accessPrompt) => update({ accessPrompt }));
  drawWith(drawPage);
  storage.onWriteFailure(() => update({ unkept: true }));
  onSaved({ saved: refreshSession, unsent: countUnsent });
  document.addEventListener("keydown", watchScanner, { capture: true });
  document.addEventListener("keydown", shortcuts);
  window.addEventListener("input", holdDrawing, { capture: true });
  window.addEventListener("input", resumeDrawing);
  update({});
  const claimed = keep.claimTab();
  await getAccess();
  await start.openStorage(waitForBrowserKey);
  if (!(await storage.isAvailable())) update({ unkept: true });
  const { tab, copyOf } = await claimed;
  const copy = await keep.copyOf(copyOf ?? tab), readable = copy !== null || await storage.isReadable();
  const foreign = readable && (await keep.leaveForeignCopy() || await keep.hasForeignEntries());
  if (copy) restore(copy);
  else if (!readable) {
    await keep.claimNewTab();
    noteAtTop(t("kept.unread"));
  }
  startKeeping();
  update({ starting: false });
  if (foreign) noteAtTop(t("others.wait", { account: account() }));
  if (copy && copyOf) update({ work: newId(), history: { ...now().history, order: { ...order() } } }); // a duplicated tab stores a copy of its own
  focus(order().customer ? "product" : "customer");
  startSession(() => { for (const combo of [customerCombo, productCombo]) rowsChanged(combo); });
  window.addEventListener("hashchange", openFromAddress);
  window.addEventListener("online", () => { resend(); start.collectFromOtherPorts(resend); });
  setInterval(resend, RESEND_EVERY);
  setInterval(() => update({}), DAY_EVERY);
  if (copy) compareShown().catch(() => {}); // when the panel does not answer, the save compares
  await openFromAddress();
  await resend();
  document.documentElement.dataset.ready = "";
  await start.collectFromOtherPorts(resend);
}

document.addEventListener("visibilitychange", () => { if (document.hidden) keepNow(); else update({}); });
window.addEventListener("pagehide", () => { keepNow(); keep.releaseTab(); });
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  stopKeeping(); // this tab may have edited the order in another page since
  location.reload();
});
window.addEventListener("beforeunload", (event) => {
  if (storage.hasUnstoredValues() && (now().unsent || !isEmpty(order()))) event.preventDefault();
});
begin().catch((error) => noteAtTop(t("error", { text: error.message })));
