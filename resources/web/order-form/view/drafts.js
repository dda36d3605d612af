/* The view of the drafts page. Each draft is drawn on its own, so that one that cannot be drawn hides no other. */
import { discountText, lineAmount, totals } from "../money.js";
import { account } from "../network.js";
import { ago, amount, counted, dateText, money, otherLanguage, percent, priceText, stamp, switchLanguage, t, vatText } from "../texts.js";
import { accessPromptView } from "./dialogs.js";
import { html, render } from "./html.js";
import { rejectionText } from "./parts.js";

/** @typedef {import("../drafts.js").DraftsState} DraftsState */
/** @typedef {typeof import("../drafts.js").acts} Acts */

/** @param {DraftsState} state @param {Acts} acts */
export const drawDrafts = (state, acts) => render(pageView(state, acts), document.body);

/** @param {DraftsState} state @param {Acts} acts */
function pageView(state, acts) {
  const { drafts, waiting, notice, reading } = state, none = !drafts?.length;
  return html`<div class="page"><header class="bar">
    <h1><img src="/order-form/icon.svg" alt="" width="24" height="24" /> <span>${t("title.drafts")}</span> <b class="demo">DEMO</b></h1>
    <span id="count" class="pill" role="status">${state.message || (drafts ? counted("drafts.count", state.total) : "")}</span>
    <button type="button" class="quiet" id="print-all" hidden=${(drafts?.length ?? 0) < 2} disabled=${reading} onClick=${acts.printAll}>${t("print.all")}</button>
    <button type="button" class="quiet" id="csv" disabled=${none} onClick=${() => acts.export("csv")}>${t("export.csv")}</button>
    <button type="button" class="quiet" id="xlsx" disabled=${none} onClick=${() => acts.export("xlsx")}>${t("export.excel")}</button>
    <button type="button" class="quiet" id="json" disabled=${none || reading} onClick=${acts.json}>${t("export.json")}</button>
    <button type="button" class="quiet language" data-language lang=${otherLanguage.lang} onClick=${switchLanguage}>${otherLanguage.name}</button>
    <a class="button primary" id="new" href="/order-form" aria-keyshortcuts="Alt+N"><span>${t("new")}</span> <kbd aria-hidden="true">Alt N</kbd></a>
  </header>
  <main class="drafts">
    <p id="notice" class="notice" role="alert" hidden=${!notice}>${notice?.text}${notice?.retry
      ? [" ", html`<button type="button" class="quiet" onClick=${acts.load}>${t("panel.retry")}</button>`] : null}</p>
    <p id="others" class="notice warning" role="status" hidden=${!state.others}>${state.others ? t("others.wait", { account: account() }) : ""}</p>
    <p id="unread" class="notice" role="status" hidden=${!state.unread}>${state.unread ? t("kept.unread") : ""}</p>
    <section id="unsent" class="card" hidden=${!waiting.length}><h2>${t("unsent.title")}</h2>
      <ul id="unsent-list" class="plain">${waiting.map((entry) => waitingRow(entry, state, acts))}</ul></section>
    <ul id="drafts" class="plain">${(drafts ?? []).map((draft) => cardView(draft, state, acts))}</ul>
    <p id="none" class="empty" hidden=${drafts === null || drafts.length + waiting.length > 0}>${t("drafts.none")}</p>
    <p class="buttons" hidden=${!state.cursor}><button type="button" id="more" disabled=${reading} onClick=${acts.more}>${t("drafts.more")}</button></p>
    <details id="letterhead" class="more card"><summary>${t("letterhead")}</summary>
      <label for="letterhead-text">${t("letterhead.text")}</label>
      <textarea id="letterhead-text" rows="3" maxlength="1000" value=${state.letterhead} onInput=${(/** @type {any} */ event) => acts.typeLetterhead(event.target.value)}></textarea>
      <p class="buttons"><button type="button" id="letterhead-save" onClick=${acts.saveLetterhead}>${t("letterhead.save")}</button></p></details>
  </main>${accessPromptView(state.accessPrompt)}</div>`;
}

/** @param {any} document */
const nameOf = (document) => String(document?.customer?.name ?? t("no.customer"));
/** @param {string} action @param {any} document */
const about = (action, document) => t("of.draft", { action, name: nameOf(document) });

/** A button that deletes at the second click; the second click of a double click, and a key that is held down, do not
 * count.
 * @param {string} text @param {any} document
 * @param {boolean} sure @param {() => void} act @param {Acts} acts */
function sureButton(text, document, sure, act, acts) {
  const label = sure ? t("delete.sure") : text;
  return html`<button type="button" class=${sure ? "quiet danger" : "quiet"} aria-label=${about(label, document)}
    onClick=${(/** @type {MouseEvent} */ event) => { if (event.detail < 2) act(); }}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.repeat) event.preventDefault(); }} onBlur=${acts.calm}>${label}</button>`;
}

/** @param {import("../keep.js").Kept} entry @param {DraftsState} state @param {Acts} acts */
function waitingRow(entry, state, acts) {
  const shown = entry.document ?? entry.order ?? { lines: [] }, typed = entry.typed;
  const why = rejectionText(entry), words = [shown.note, typed?.customer, typed?.article, ...(typed?.scans ?? []).map(({ code }) => code)].filter(Boolean).join(" · ");
  return html`<li key=${entry.key}><b>${nameOf(shown)}</b>
    <small>${counted("lines.count", shown.lines?.length ?? 0)} · ${ago(entry.at)} · ${t(entry.kind === "send" ? "unsent.send" : "unsent.aside")}</small>
    ${words ? html`<small class="first-words">${words}</small>` : null}
    ${why ? html`<small class="wrong">${why}</small>` : null}
    <span class="buttons"><a class="button" href=${`/order-form#draft=${entry.id}&kept=${encodeURIComponent(entry.key)}`} aria-label=${about(t("unsent.open"), shown)}>${t("unsent.open")}</a>
      ${sureButton(t("unsent.drop"), shown, state.sure === entry.key, () => acts.drop(entry), acts)}</span></li>`;
}

/** @param {any} draft @param {DraftsState} state @param {Acts} acts */
function cardView(draft, state, acts) {
  const chosen = !state.printed.length || state.printed.includes(draft.id);
  let content;
  try {
    content = contentView(draft);
  } catch {
    content = { sum: "", body: html`<p class="wrong">${t("draft.broken")}</p>` };
  }
  const { document } = draft;
  return html`<li key=${draft.id} class=${chosen ? "card draft printed" : "card draft"}>
    ${state.letterhead ? html`<p class="paper letterhead">${state.letterhead}</p>` : null}
    <p class="paper"><strong>${t("draft")}</strong><b class="demo">DEMO</b><span>${t("printed", { time: stamp(Date.now()) })}</span></p>
    <div class="titled"><h2>${nameOf(document)}</h2><span class="sum">${content.sum}</span>
      <span class="buttons"><a class="button" href=${`/order-form#draft=${draft.id}`} aria-label=${about(t("edit"), document)}>${t("edit")}</a>
        <a class="button quiet" href=${`/order-form#copy=${draft.id}`} aria-label=${about(t("duplicate"), document)}>${t("duplicate")}</a>
        <button type="button" class="quiet" aria-label=${about(t("print"), document)} onClick=${() => acts.print(draft.id)}>${t("print")}</button>
        ${sureButton(t("delete"), document, state.sure === draft.id, () => acts.remove(draft), acts)}</span></div>
    ${content.body}<p class="paper end">${t("print.note")}</p></li>`;
}

/** @param {any} draft */
function contentView(draft) {
  const { customer, lines, note, date, priceGroup, deliveryAddress, desiredDate } = draft.document;
  const sums = totals(lines), read = lines.map((/** @type {any} */ line) => line.priceAsOf).filter(Boolean).sort()[0];
  const who = [customer?.accountNum, customer?.street, customer?.city, customer?.vatNumber && `${t("customer.vat")} ${customer.vatNumber}`, customer?.fiscalCode];
  const what = [dateText(date), counted("lines.count", lines.length), priceGroup && t("group.of", { name: priceGroup }),
    desiredDate && t("delivery.on", { date: dateText(desiredDate) })];
  return { sum: money(sums.total), body: html`<p class="about">${who.filter(Boolean).join(" · ")}</p>
    <p class="about">${what.filter(Boolean).join(" · ")}${read ? ageView("prices.of", read) : null}${ageView("saved.at", draft.updatedAt)}</p>
    ${deliveryAddress ? html`<p class="about address">${t("delivery.address")}: ${deliveryAddress}</p>` : null}
    <div class="scroll" tabindex="0" role="region" aria-label=${about(t("lines.of"), draft.document)}>${tableView(lines, sums)}</div>
    ${note ? html`<p class="note">${note}</p>` : null}` };
}

/** An age for the screen, and the time itself for paper. @param {string} code @param {string} time */
const ageView = (code, time) => [html`<span class="on-screen"> · ${t(code, { time: ago(time) })}</span>`,
  html`<span class="on-paper"> · ${t(code, { time: stamp(time) })}</span>`];

/** @param {any[]} lines @param {ReturnType<typeof totals>} sums */
function tableView(lines, sums) {
  const row = (/** @type {string} */ name, /** @type {string} */ value, kind = "") => html`<tr class=${kind}>
    <th scope="row" colspan="3" class="n">${name}</th><td class="vat"></td><td class="n">${value}</td></tr>`;
  return html`<table><thead><tr><th scope="col">${t("product")}</th><th scope="col" class="n">${t("quantity")}</th><th scope="col" class="n">${t("price")}</th>
      <th scope="col" class="n vat">${t("vat")}</th><th scope="col" class="n">${t("amount")}</th></tr></thead>
    <tbody>${lines.map(lineView)}</tbody>
    <tfoot>${row(t("net"), money(sums.net))}
      ${sums.vat.map((one) => row(vatText(one), money(one.vat)))}
      ${row(t("total"), money(sums.total), "sum")}
      ${sums.unpriced ? html`<tr class="partly"><td colspan="5" class="n wrong">${counted("total.partly", sums.unpriced)}</td></tr>` : null}</tfoot></table>`;
}

/** @param {any} line */
function lineView(line) {
  const sum = lineAmount(line);
  const more = [line.discounts?.length && `−${discountText(line.discounts)} %`, line.free && t("free"), line.note].filter(Boolean).join(" · ");
  return html`<tr><td class="what"><b>${line.name}</b> <small>${[line.itemId, line.description].filter(Boolean).join(" · ")}</small>
      ${more ? html`<br /><small>${more}</small>` : null}</td>
    <td class="n">${amount(line.quantity)}</td>
    <td class=${line.unitPrice === null && !line.free ? "n wrong" : "n"}>${line.free ? t("free.short") : priceText(line.unitPrice, line.priceUnit)}</td>
    <td class="n vat">${line.free ? "–" : line.vatPercent === null || line.vatPercent === undefined ? "~22 %" : percent(line.vatPercent)}</td>
    <td class="n">${sum === null ? "–" : money(sum)}</td></tr>`;
}
