/* The page of the form, put together from its parts. */
import * as actions from "../actions.js";
import { closeSession, freshnessText, resume } from "../session.js";
import { note, now, order, update } from "../store.js";
import { counted, otherLanguage, switchLanguage, t } from "../texts.js";
import { dateOf } from "../value.js";
import { customerView } from "./customer.js";
import { conflictView, accessPromptView, leavingView } from "./dialogs.js";
import { entryView } from "./entry.js";
import { html, render } from "./html.js";
import { linesView } from "./lines.js";
import { noteView } from "./parts.js";
import { isTable, pasteView, preview } from "./paste.js";
import { sideView } from "./side.js";

/** Draw the form into the page. */
export function drawPage() {
  render(pageView(), document.body);
}

const pageView = () => html`<div class="page">${barView()}
  <main class="form" inert=${now().starting}>
    ${noteView("top")}${lateNoticesView()}
    ${warningsView()}
    ${customerView()}
    <section class="card" aria-labelledby="lines-title" onPaste=${pasted}>
      <div class="titled"><h2 id="lines-title">${t("lines")}</h2>
        <button type="button" id="paste-open" class="quiet" onClick=${() => update({ paste: { id: "", text: "", rows: [] } })}>${t("paste.open")}</button>
        ${listView()}${dateView()}</div>
      ${entryView()}${linesView()}
    </section>
    ${sideView()}
  </main>
  ${conflictView()}${leavingView()}${pasteView()}${accessPromptView(now().accessPrompt)}</div>`;

function barView() {
  const { freshness } = now();
  const shown = freshness && freshnessText(freshness);
  return html`<header class="bar">
    <h1><img src="/order-form/icon.svg" alt="" width="24" height="24" /> <span>${t("title.form")}</span> <b class="demo">DEMO</b></h1>
    <div id="freshness" class="pill" role="status" aria-live="polite" data-state=${shown?.state} title=${shown?.text}>
      <span class="dot" aria-hidden="true"></span><span id="freshness-text">${shown?.text ?? ""}</span>
      <button type="button" id="resume" hidden=${shown?.state !== "operator"} onClick=${resume}>${t("session.resume")}</button></div>
    <button type="button" class="quiet language" data-language lang=${otherLanguage.lang} onClick=${switchLanguage}>${otherLanguage.name}</button>
    <a class="button" id="done" href="/drafts" aria-keyshortcuts="Alt+F" onClick=${done}><span>${t("done")}</span> <kbd aria-hidden="true">Alt F</kbd></a>
  </header>`;
}

/** Notices about orders that are no longer shown. */
const lateNoticesView = () => html`<div id="note-late" hidden=${!now().lateNotices.length}>${now().lateNotices.map(({ of, text, label, act }) =>
  html`<p key=${of} class="notice" role="alert">${text} <button type="button" class="quiet" onClick=${act}>${label}</button></p>`)}</div>`;

function warningsView() {
  const { freshness, unsent, rejected, unkept } = now();
  const why = freshness ? freshnessText(freshness).why : "";
  return html`<p id="why" class="notice warning" role="status" hidden=${!why}>${why}</p>
    <p id="unkept" class="notice warning" role="status" hidden=${!unkept}>${t("unkept")}</p>
    <p id="unsent" class="notice warning" role="status" hidden=${!unsent}>${unsent ? counted("unsent", unsent) : ""}${
      rejected.map(({ key, id, text }) => html`<span key=${key}> ${text} <button type="button" class="quiet"
        onClick=${() => { location.hash = `draft=${id}&kept=${encodeURIComponent(key)}`; }}>${t("unsent.open")}</button></span>`)}${
      rejected.length ? [" ", html`<a href="/drafts" onClick=${done}>${t("title.drafts")}</a>`] : null}</p>`;
}

function listView() {
  const { group } = order(), { lists } = now();
  const shown = !group || lists.some(({ id }) => id === group) ? lists : [...lists, { id: group, name: group }];
  return html`<label class="inline" hidden=${!shown.length}><span>${t("group")}</span> <select id="group" disabled=${shown.length < 2}
    value=${group ?? ""} onInput=${(/** @type {any} */ event) => actions.reprice({ group: event.target.value })}>
    ${shown.map(({ id, name }) => html`<option key=${id} value=${id} selected=${id === group}>${name}</option>`)}</select></label>`;
}

const dateView = () => html`<label class="inline"><span>${t("date")}</span> <input id="date" type="date" value=${dateOf(order(), now().day)}
  onInput=${(/** @type {any} */ { target }) => { if (target.value) actions.reprice({ date: target.value }, "date"); }}
  onBlur=${(/** @type {any} */ { target }) => { if (target.value) actions.endStep(); else actions.reprice({ date: null }); }} /></label>`;

/** @param {ClipboardEvent} event */
function pasted(event) {
  const text = event.clipboardData?.getData("text") ?? "";
  if (!isTable(text)) return;
  event.preventDefault();
  preview(text);
}

/** Leave the form; with an unfinished entry row a dialog asks first. @param {Event} event */
function done(event) {
  const { entry, product } = now();
  const go = () => { closeSession(); location.assign("/drafts"); };
  event.preventDefault();
  if (entry.product || product.text.trim()) update({ leaving: { go } });
  else go();
}

/** @param {KeyboardEvent} event */
export function shortcuts(event) {
  const dialog = document.querySelector("dialog[open]");
  if (event.key === "Enter" && event.ctrlKey && !event.repeat && !dialog) { event.preventDefault(); actions.save(); return; }
  if (dialog) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey && !event.altKey && (key === "z" || key === "y") && !(event.target instanceof Element && event.target.matches("#customer, #product, #quantity"))) {
    event.preventDefault();
    if (key === "y" || event.shiftKey) actions.redo();
    else actions.undo();
    return;
  }
  if (!event.altKey || event.ctrlKey) return;
  /** @type {Record<string, () => void>} */
  const acts = { KeyF: () => document.getElementById("done")?.click(), KeyC: actions.changeCustomer, KeyA: () => document.getElementById("product")?.focus() };
  const act = acts[event.code];
  if (act) { event.preventDefault(); act(); }
}

/** Show an error that belongs to no other place. @param {string} text */
export const noteAtTop = (text) => note("top", { text });
