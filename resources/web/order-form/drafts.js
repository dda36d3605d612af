/* The drafts page starts here: what is saved, and what still waits in this browser; edit, copy, delete, print, export. */
import { othersWait, remove, sendWaiting } from "./keep.js";
import { askKeeping, call, enter, file, PanelAway, sentence } from "./network.js";
import * as start from "./start.js";
import { readable } from "./storage.js";
import { t } from "./texts.js";
import { drawDrafts } from "./view/drafts.js";

const RETRY_EVERY = 5_000; // while the panel does not answer
const SURE_FOR = 6_000;
const READINGS = 3; // of all drafts, while others are saved or deleted

/**
 * @typedef {object} DraftsState
 * @property {any[] | null} drafts null: not told yet.
 * @property {number} total
 * @property {string | null} cursor Where the list goes on.
 * @property {import("./keep.js").Kept[]} waiting
 * @property {boolean} others Orders of another account wait in this browser.
 * @property {boolean} unread What this browser keeps cannot be read now.
 * @property {{ text: string, retry: boolean } | null} notice
 * @property {import("./network.js").Door} door
 * @property {string} sure What is deleted at the next click on the same button.
 * @property {string} letterhead
 * @property {boolean} typing The letterhead is being changed: an answer that comes late does not replace it.
 * @property {string} told
 * @property {boolean} reading Drafts are being read for a click.
 * @property {string[]} printed Ids of the drafts to be printed; none: all.
 */

/** @type {DraftsState} */
let state = { drafts: null, total: 0, cursor: null, waiting: [], others: false, unread: false, notice: null, door: null, sure: "", letterhead: "", typing: false, told: "", reading: false, printed: [] };
let retry = 0, calm = 0;

/** @param {Partial<DraftsState>} changes */
function update(changes) {
  state = { ...state, ...changes };
  drawDrafts(state, acts);
}

let loads = 0;

/** Bring the page up to date: what waits here is sent first, and what is left is shown whatever happens. A load that
 * began before the last one changes nothing: what it read may have been sent or deleted meanwhile. */
async function load() {
  const mine = loads += 1;
  clearTimeout(retry);
  try {
    if (await start.openKept(askKeeping)) start.gather(load);
    const left = await sendWaiting(), others = await othersWait(), unread = !await readable();
    if (mine !== loads) return;
    update({ waiting: left, others, unread });
    const read = await readDrafts(shown);
    if (mine !== loads) return;
    update({ ...read, notice: null });
    const head = await call("/api/drafts/letterhead");
    if (head.status === 200 && !state.typing) update({ letterhead: head.answer.text });
  } catch (error) {
    if (mine !== loads) return;
    const { message, status } = /** @type {Error & { status?: number }} */ (error);
    update({ notice: { text: error instanceof PanelAway || status ? message : t("error", { text: message }), retry: true } });
    retry = setTimeout(load, RETRY_EVERY);
  }
}

/** How many drafts the page shows. */
const shown = () => state.drafts?.length ?? 0;

/** @typedef {Pick<DraftsState, "drafts" | "total" | "cursor"> & { drafts: any[] }} Read */

/** The drafts as they are stored now, page after page: at least as many as are wanted then, if there are.
 * @param {() => number} wanted @param {(read: Read) => void} [told] @returns {Promise<Read>} */
async function readDrafts(wanted, told = () => {}) {
  const found = new Map(); // by id: a draft that another computer saves meanwhile may come twice
  for (let from = ""; ;) {
    const result = await call(`/api/drafts${from}`);
    if (result.status !== 200) throw Object.assign(new Error(sentence(result)), { status: result.status });
    const { total, cursor } = result.answer;
    for (const draft of result.answer.drafts) found.set(draft.id, draft);
    const drafts = [...found.values()];
    if (!cursor || drafts.length >= wanted()) return { drafts, total, cursor };
    told({ drafts, total, cursor });
    from = `?cursor=${encodeURIComponent(cursor)}`;
  }
}

/** All drafts as they are stored now. What is saved or deleted while they are read would be missed, or be one too many. */
async function readAll() {
  const told = (/** @type {Read} */ { drafts, total }) => update({ told: t("drafts.reading", { n: drafts.length, total }) });
  try {
    for (let left = READINGS; ; left -= 1) {
      const read = await readDrafts(() => Infinity, told);
      if (read.drafts.length === read.total) return read;
      if (left <= 1) throw new Error(t("drafts.some", { n: read.drafts.length, total: read.total }));
    }
  } finally {
    update({ told: "" });
  }
}

/** Do it at the second click; the first one asks. @param {string} what @param {() => Promise<void>} act */
async function twice(what, act) {
  clearTimeout(calm);
  if (state.sure === what) {
    update({ sure: "" });
    await act();
    return;
  }
  update({ sure: what });
  calm = setTimeout(() => update({ sure: "" }), SURE_FOR);
}

/** @param {string} name @param {Blob} content */
function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = `archisync-${document.documentElement.dataset.demo ? "demo-" : ""}${name}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {() => Promise<void>} act */
async function tried(act) {
  try {
    await act();
  } catch (error) {
    update({ notice: { text: error instanceof Error ? error.message : String(error), retry: false } });
  }
}

/** Read drafts, one click at a time. @param {() => Promise<void>} act */
async function reading(act) {
  if (state.reading) return;
  update({ reading: true, notice: null });
  await tried(act);
  update({ reading: false });
}

export const acts = {
  load,
  more: () => reading(async () => update(await readDrafts(() => shown() + 1))),
  /** @param {any} draft */
  remove: (draft) => twice(draft.id, () => tried(async () => {
    const result = await call(`/api/drafts/${draft.id}`, { method: "DELETE", headers: { "If-Match": `"${draft.version}"` } });
    await load();
    if (result.status !== 200) throw new Error(sentence(result));
  })),
  /** @param {import("./keep.js").Kept} entry */
  drop: (entry) => twice(entry.key, async () => {
    await remove(entry);
    update({ waiting: state.waiting.filter((one) => one.key !== entry.key) });
    await load();
  }),
  calm: () => { if (state.sure) update({ sure: "" }); },
  /** @param {"csv" | "xlsx"} format */
  export: (format) => tried(async () => {
    update({ told: t("export.making") });
    try {
      download(`drafts.${format}`, await file(`/api/drafts/export?format=${format}`));
    } finally {
      update({ told: "" });
    }
  }),
  json: () => reading(async () => {
    const { drafts } = await readAll();
    download("drafts.json", new Blob([JSON.stringify(drafts, null, 2)], { type: "application/json" }));
  }),
  /** @param {string} id Of a draft. It is printed as it is stored now; where the panel does not answer, as it is shown. */
  print: (id) => reading(async () => {
    try {
      const result = await call(`/api/drafts/${encodeURIComponent(id)}`);
      if (result.status === 404) await load();
      if (result.status !== 200) throw new Error(sentence(result));
      update({ drafts: (state.drafts ?? []).map((one) => one.id === id ? result.answer.draft : one) });
    } catch (error) {
      if (!(error instanceof PanelAway)) throw error;
    }
    update({ printed: [id] });
    window.print();
  }),
  /** All drafts, those too that were not shown yet. */
  printAll: () => reading(async () => {
    update({ ...await readAll(), printed: [] });
    window.print();
  }),
  /** @param {string} text */
  typeLetterhead: (text) => update({ letterhead: text, typing: true }),
  saveLetterhead: () => tried(async () => {
    const text = state.letterhead;
    const result = await call("/api/drafts/letterhead", { method: "PUT", body: { text } });
    if (result.status !== 200) throw new Error(sentence(result));
    update({ told: t("letterhead.saved"), typing: state.letterhead !== text });
  }),
};

async function begin() {
  start.begin("title.drafts", (door) => update({ door }));
  window.addEventListener("afterprint", () => update({ printed: [] }));
  document.addEventListener("keydown", (event) => {
    if (event.altKey && event.code === "KeyN") { event.preventDefault(); document.getElementById("new")?.click(); }
  });
  update({});
  await enter();
  // Another tab may have saved a draft meanwhile.
  window.addEventListener("pageshow", (event) => { if (event.persisted) load(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
  await load();
  document.getElementById("new")?.focus();
}

begin().catch((error) => update({ notice: { text: t("error", { text: error.message }), retry: false } }));
