/* The drafts page starts here: the saved drafts and the unsaved orders of this browser; edit, copy, delete, print,
 * export. */
import { deleteIfSame, hasForeignEntries, rejectionOf, sendOutbox } from "./keep.js";
import { call, errorText, fetchBrowserKey, fetchFile, getAccess, PanelUnreachable } from "./network.js";
import * as start from "./start.js";
import { isReadable } from "./storage.js";
import { t } from "./texts.js";
import { drawDrafts } from "./view/drafts.js";

const RETRY_EVERY = 5_000; // while the panel does not answer, or has not taken a save
const SURE_FOR = 6_000;
const READINGS = 3;

/**
 * @typedef {object} DraftsState
 * @property {any[] | null} drafts null: not read yet.
 * @property {number} total
 * @property {string | null} cursor Of the next page of the list.
 * @property {import("./keep.js").Kept[]} waiting The unsaved orders of this browser.
 * @property {boolean} others This browser stores unsaved orders of another account.
 * @property {boolean} unread The storage of this browser cannot be read now.
 * @property {{ text: string, retry: boolean } | null} notice
 * @property {import("./network.js").AccessPrompt} accessPrompt
 * @property {string} sure Id or key of what the next click on the same button deletes.
 * @property {string} letterhead
 * @property {boolean} typing The letterhead is being changed: an answer that comes late does not replace it.
 * @property {string} message
 * @property {boolean} reading Drafts are being read after a click.
 * @property {string[]} printed Ids of the drafts to be printed; none: all.
 */

/** @type {DraftsState} */
let state = { drafts: null, total: 0, cursor: null, waiting: [], others: false, unread: false, notice: null, accessPrompt: null, sure: "", letterhead: "", typing: false, message: "", reading: false, printed: [] };
let retry = 0, calm = 0;

/** @param {Partial<DraftsState>} changes */
function update(changes) {
  state = { ...state, ...changes };
  drawDrafts(state, acts);
}

let loads = 0;

/** Bring the page up to date: send the outbox, show what is left in it even if the panel does not answer, then read the
 * drafts. Only the load that began last changes the page: what another one read may have been sent or deleted
 * meanwhile. */
async function load() {
  const mine = loads += 1;
  clearTimeout(retry);
  try {
    if (await start.openStorage(fetchBrowserKey)) start.collectFromOtherPorts(load);
    const left = await sendOutbox(), others = await hasForeignEntries(), unread = !await isReadable();
    if (mine !== loads) return;
    update({ waiting: left, others, unread });
    const read = await readDrafts(shown);
    if (mine !== loads) return;
    update({ ...read, notice: null });
    if (left.some((entry) => entry.kind === "send" && !rejectionOf(entry))) retry = setTimeout(load, RETRY_EVERY);
    const head = await call("/api/drafts/letterhead");
    if (head.status === 200 && !state.typing) update({ letterhead: head.answer.text });
  } catch (error) {
    if (mine !== loads) return;
    const { message, status } = /** @type {Error & { status?: number }} */ (error);
    update({ notice: { text: error instanceof PanelUnreachable || status ? message : t("error", { text: message }), retry: true } });
    retry = setTimeout(load, RETRY_EVERY);
  }
}

/** How many drafts the page shows. */
const shown = () => state.drafts?.length ?? 0;

/** @typedef {Pick<DraftsState, "drafts" | "total" | "cursor"> & { drafts: any[] }} Read */

/** Read pages of drafts until there are as many as `wanted` returns, or no more.
 * @param {() => number} wanted @param {(read: Read) => void} [onPage] @returns {Promise<Read>} */
async function readDrafts(wanted, onPage = () => {}) {
  const found = new Map(); // by id: a draft that is saved elsewhere meanwhile may come twice
  for (let from = ""; ;) {
    const result = await call(`/api/drafts${from}`);
    if (result.status !== 200) throw Object.assign(new Error(errorText(result)), { status: result.status });
    const { total, cursor } = result.answer;
    for (const draft of result.answer.drafts) found.set(draft.id, draft);
    const drafts = [...found.values()];
    if (!cursor || drafts.length >= wanted()) return { drafts, total, cursor };
    onPage({ drafts, total, cursor });
    from = `?cursor=${encodeURIComponent(cursor)}`;
  }
}

/** Read all drafts; again, when some were saved or deleted meanwhile, at most {@link READINGS} times. */
async function readAll() {
  const onPage = (/** @type {Read} */ { drafts, total }) => update({ message: t("drafts.reading", { n: drafts.length, total }) });
  try {
    for (let left = READINGS; ; left -= 1) {
      const read = await readDrafts(() => Infinity, onPage);
      if (read.drafts.length === read.total) return read;
      if (left <= 1) throw new Error(t("drafts.some", { n: read.drafts.length, total: read.total }));
    }
  } finally {
    update({ message: "" });
  }
}

/** Act at the second click; the first one asks. @param {string} what @param {() => Promise<void>} act */
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

/** Act, and show an error. @param {() => Promise<void>} act */
async function withNotice(act) {
  try {
    await act();
  } catch (error) {
    update({ notice: { text: error instanceof Error ? error.message : String(error), retry: false } });
  }
}

/** Act, unless an earlier act is still reading drafts. @param {() => Promise<void>} act */
async function reading(act) {
  if (state.reading) return;
  update({ reading: true, notice: null });
  await withNotice(act);
  update({ reading: false });
}

export const acts = {
  load,
  more: () => reading(async () => update(await readDrafts(() => shown() + 1))),
  /** @param {any} draft */
  remove: (draft) => twice(draft.id, () => withNotice(async () => {
    const result = await call(`/api/drafts/${draft.id}`, { method: "DELETE", headers: { "If-Match": `"${draft.version}"` } });
    await load();
    if (result.status !== 200) throw new Error(errorText(result));
  })),
  /** @param {import("./keep.js").Kept} entry */
  drop: (entry) => twice(entry.key, async () => {
    await deleteIfSame(entry);
    update({ waiting: state.waiting.filter((one) => one.key !== entry.key) });
    await load();
  }),
  calm: () => { if (state.sure) update({ sure: "" }); },
  /** @param {"csv" | "xlsx"} format */
  export: (format) => withNotice(async () => {
    update({ message: t("export.making") });
    try {
      download(`drafts.${format}`, await fetchFile(`/api/drafts/export?format=${format}`));
    } finally {
      update({ message: "" });
    }
  }),
  json: () => reading(async () => {
    const { drafts } = await readAll();
    download("drafts.json", new Blob([JSON.stringify(drafts, null, 2)], { type: "application/json" }));
  }),
  /** Print a draft as it is stored now; where the panel does not answer, as it is shown. @param {string} id */
  print: (id) => reading(async () => {
    try {
      const result = await call(`/api/drafts/${encodeURIComponent(id)}`);
      if (result.status === 404) await load();
      if (result.status !== 200) throw new Error(errorText(result));
      update({ drafts: (state.drafts ?? []).map((one) => one.id === id ? result.answer.draft : one) });
    } catch (error) {
      if (!(error instanceof PanelUnreachable)) throw error;
    }
    update({ printed: [id] });
    window.print();
  }),
  /** Print all drafts, including those not shown yet. */
  printAll: () => reading(async () => {
    update({ ...await readAll(), printed: [] });
    window.print();
  }),
  /** @param {string} text */
  typeLetterhead: (text) => update({ letterhead: text, typing: true }),
  saveLetterhead: () => withNotice(async () => {
    const text = state.letterhead;
    const result = await call("/api/drafts/letterhead", { method: "PUT", body: { text } });
    if (result.status !== 200) throw new Error(errorText(result));
    update({ message: t("letterhead.saved"), typing: state.letterhead !== text });
  }),
};

async function begin() {
  start.begin("title.drafts", (accessPrompt) => update({ accessPrompt }));
  window.addEventListener("afterprint", () => update({ printed: [] }));
  document.addEventListener("keydown", (event) => {
    if (event.altKey && event.code === "KeyN") { event.preventDefault(); document.getElementById("new")?.click(); }
  });
  update({});
  await getAccess();
  // Another tab may have saved a draft meanwhile.
  window.addEventListener("pageshow", (event) => { if (event.persisted) load(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
  await load();
  document.getElementById("new")?.focus();
}

begin().catch((error) => update({ notice: { text: t("error", { text: error.message }), retry: false } }));
