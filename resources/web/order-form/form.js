/* The order form starts here: gets in, takes up what this tab was writing, opens the session, and draws. */
import { boxes, conflict, conflictShown, onSaved, takeUp, verifyCustomer } from "./actions.js";
import { need } from "./articles.js";
import * as keep from "./keep.js";
import { account, call, enter, keeping, key, sentence } from "./network.js";
import * as operations from "./operations.js";
import { askAgain, startSession } from "./session.js";
import * as start from "./start.js";
import * as storage from "./storage.js";
import { drawWith, focus, goOnDrawing, holdDrawing, inBoxes, isChanged, keepNow, note, now, order, startKeeping, update, writing } from "./store.js";
import { ago, language, t } from "./texts.js";
import { fromDocument, isEmpty, newId } from "./value.js";
import { refresh } from "./view/combo.js";
import { customerCombo } from "./view/customer.js";
import { productCombo } from "./view/entry.js";
import { drawPage, shortcuts, tell } from "./view/page.js";
import { untakenText } from "./view/parts.js";
import { watchScanner } from "./view/scanner.js";

const RESEND_EVERY = 15_000;
const DAY_EVERY = 60_000;

async function countUnsent() {
  const waiting = (await keep.waiting()).filter((one) => one.kind === "send"), unsent = waiting.length;
  const untaken = waiting.map((one) => ({ key: one.key, id: one.id, text: untakenText(one) })).filter(({ text }) => text);
  if (unsent !== now().unsent || JSON.stringify(untaken) !== JSON.stringify(now().untaken)) update({ unsent, untaken });
}

async function resend() {
  if (!key()) return;
  await countUnsent();
  if (now().unsent) {
    await keep.sendWaiting();
    await countUnsent();
  }
}

/** Go on with what the tab was writing. @param {keep.Kept} copy */
function restore(copy) {
  if (!copy.order) return;
  const { typed } = copy;
  update({ touched: copy.touched ?? !copy.unchanged, work: copy.work ?? newId(), history: operations.begin(copy.order), ...boxes(typed) });
  if (typed?.entry?.product) need([typed.entry.product], typed.entry.product);
  need(copy.order.lines);
  verifyCustomer();
}

/** Whether the draft that this tab goes on with is still stored as it was; what was changed elsewhere meanwhile is shown,
 * or taken up if nothing was typed here. */
async function compareShown() {
  const { id, version } = order();
  if (!version || now().conflict) return;
  const { status, answer } = await call(`/api/drafts/${encodeURIComponent(id)}`);
  if (order().id !== id || order().version !== version || now().conflict || ![200, 404].includes(status)) return;
  const stored = status === 200 ? answer.draft : null;
  if (stored?.version === version) return;
  const { typed, work } = writing();
  if (stored && !isChanged(now())) edit(fromDocument(stored, language), { typed, from: keep.asideOf(work), stay: true });
  else await conflictShown(stored);
}

/** What this browser keeps of an order, to go on with. A draft on its way to the panel is opened as it is stored, if the panel
 * is there. @param {string} id @param {string | null} name Of the entry. */
async function keptOf(id, name) {
  const found = await keep.waitingFor(id, name);
  if (found?.kind !== "send") return found;
  const left = await keep.sendWaiting();
  return left.find((one) => one.key === found.key) ?? (name === found.key ? null : keep.waitingFor(id));
}

/** Open the draft or the kept order that the address names; says when two versions differ.
 * @param {URLSearchParams} wanted */
async function open(wanted) {
  const id = wanted.get("draft"), again = wanted.get("copy"), name = wanted.get("kept");
  // What was written in it here is newer than anything that could be opened.
  if (order().id === id && (isChanged(now()) || inBoxes()) && (!name || name === keep.copyName())) {
    await compareShown();
    return;
  }
  const local = id ? await keptOf(id, name) : null;
  // What was never saved is only here: there is nothing to compare with.
  const { status, answer } = local && !local.version && !again ? { status: 404, answer: null }
    : await call(`/api/drafts/${encodeURIComponent(id ?? again ?? "")}`);
  const stored = status === 200 ? answer.draft : null;
  if (again) {
    if (!stored && status !== 404) throw new Error(sentence({ status, answer }));
    if (!stored) { tell(sentence({ status, answer })); return; }
    const copied = fromDocument(stored, language);
    const desiredDate = copied.desiredDate < now().day ? "" : copied.desiredDate; // nobody wishes for a day that is past
    takeUp({ ...copied, id: newId(), version: null, savedAt: null, date: null, desiredDate, lines: copied.lines.map((line) => ({ ...line, live: true })) });
    return;
  }
  if (!local && !stored) {
    if (status !== 404) throw new Error(sentence({ status, answer }));
    tell(id && await keep.isWrittenElsewhere(id) ? t("open.elsewhere") : sentence({ status, answer }));
    return;
  }
  if (!local) { edit(fromDocument(stored, language)); return; }
  const mine = local.order ?? fromDocument(local, language), { typed } = local, work = newId();
  if (local.kind === "send" && !await keep.takeBack(local.key, { order: mine, work, document: local.document })) {
    await open(wanted); // another tab has sent it
    return;
  }
  const from = local.kind === "send" ? keep.asideOf(work) : local.key;
  if (stored && local.touched === false) edit(fromDocument(stored, language), { from, typed });
  else if (stored && stored.version !== local.version) conflict({ mine, typed, from, current: stored, opening: true });
  else takeUp(mine, { touched: true, from, typed });
}

/** Open what the address names, if it names something. Where the panel does not answer the address goes on naming it: a
 * click or a reload opens it then. */
async function openWanted() {
  const hash = location.hash, wanted = new URLSearchParams(hash.slice(1));
  if (!wanted.has("draft") && !wanted.has("copy")) return;
  try {
    await open(wanted);
    if (location.hash === hash) history.replaceState(null, "", location.pathname);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (location.hash === hash) note("top", { text, label: t("panel.retry"), act: () => { note("top", null); openWanted(); } });
  }
}

/** @param {import("./value.js").Order} draft @param {Parameters<typeof takeUp>[1]} [how] */
function edit(draft, how) {
  takeUp(draft, how);
  update({ said: { text: t("editing", { time: draft.savedAt ? ago(draft.savedAt) : "–" }), tone: "soft" } });
}

async function begin() {
  start.begin("title.form", (door) => update({ door }));
  drawWith(drawPage);
  storage.onTrouble(() => update({ unkept: true }));
  onSaved({ saved: askAgain, unsent: countUnsent });
  document.addEventListener("keydown", watchScanner, { capture: true });
  document.addEventListener("keydown", shortcuts);
  window.addEventListener("input", holdDrawing, { capture: true });
  window.addEventListener("input", goOnDrawing);
  update({});
  const claimed = keep.claimTab();
  await enter();
  await start.openKept(keeping);
  if (!(await storage.works())) update({ unkept: true });
  const { tab, copyOf } = await claimed;
  const copy = await keep.copyOf(copyOf ?? tab), readable = copy !== null || await storage.readable();
  const others = readable && (await keep.leaveOthersCopy() || await keep.othersWait());
  if (copy) restore(copy);
  else if (!readable) {
    await keep.claimAnotherTab();
    tell(t("kept.unread"));
  }
  startKeeping();
  update({ starting: false });
  if (others) tell(t("others.wait", { account: account() }));
  if (copy && copyOf) update({ work: newId(), history: { ...now().history, order: { ...order() } } }); // a duplicated tab keeps its own
  focus(order().customer ? "product" : "customer");
  startSession(() => { for (const combo of [customerCombo, productCombo]) if (now()[combo.name].open) refresh(combo); });
  window.addEventListener("hashchange", openWanted);
  window.addEventListener("online", () => { resend(); start.gather(resend); });
  setInterval(resend, RESEND_EVERY);
  setInterval(() => update({}), DAY_EVERY);
  if (copy) compareShown().catch(() => {}); // without the panel: compared when it is saved
  await openWanted();
  await resend();
  document.documentElement.dataset.ready = "";
  await start.gather(resend);
}

document.addEventListener("visibilitychange", () => { if (document.hidden) keepNow(); else update({}); });
window.addEventListener("pagehide", () => { keepNow(); keep.releaseTab(); });
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
window.addEventListener("beforeunload", (event) => {
  if (storage.unsafe() && (now().unsent || !isEmpty(order()))) event.preventDefault();
});
begin().catch((error) => tell(t("error", { text: error.message })));
