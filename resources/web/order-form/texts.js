/* The order form's words, Italian and English, and how numbers, money and times are written; no page logic. */

const WORDS = {
  it: {
    "title.form": "Modulo ordini", "title.drafts": "Bozze", done: "Fine", new: "Nuovo ordine",
    customer: "Cliente", "customer.search": "Nome, città, partita IVA o codice…", "customer.change": "Cambia",
    "customer.none": "Nessun cliente trovato", "customer.gone": "Questo cliente non è più nell’ERP (ultima lettura completa {time}).",
    "customer.vat": "P. IVA", "customer.missing": "Scegliere prima il cliente.",
    lines: "Articoli", "lines.none": "Ancora nessun articolo: cercarlo qui sopra.", group: "Listino", date: "Data",
    product: "Articolo", "product.search": "Codice, nome o descrizione…", "product.none": "Nessun articolo trovato",
    "product.stopped": "fermato", "product.first": "Scegliere un articolo.",
    quantity: "Quantità", price: "Prezzo", vat: "IVA", amount: "Importo", actions: "Azioni", add: "Aggiungi",
    remove: "Togli {name}", "quantity.of": "Quantità di {name}",
    "rule.min": "minimo {n}", "rule.multiple": "multipli di {n}", "rule.max": "massimo {n}", "rule.package": "confezione {n}",
    "rule.wrong": "Quantità non valida: {rules}.", "rule.use": "Usa {n}", "rule.number": "Scrivere un numero.",
    "price.none": "senza prezzo", "price.per": "per {n}", "price.asof": "Prezzo letto {time}",
    "price.changed": "Prezzo cambiato: era {old}, ora {now}.", "price.gone": "Il prezzo non è più nel listino.", "price.use": "Usa il nuovo",
    "total.title": "Totale", net: "Imponibile", "vat.at": "IVA {rate} su\u00a0{net}", "vat.assumed": "IVA {rate} presunta su\u00a0{net}",
    total: "Totale", "total.partly": "{n} articoli senza prezzo non contati", "total.partly.one": "1 articolo senza prezzo non contato",
    note: "Nota", save: "Salva bozza", clear: "Svuota il modulo",
    saving: "Salvo la bozza…", cleared: "Modulo svuotato.", removed: "{name} tolto.", undo: "Annulla",
    "saved.refused": "La bozza non è stata accettata: {text}", "product.left": "Nel campo Articolo c’è un testo: sceglierlo dall’elenco o cancellarlo.",
    saved: "Bozza salvata, {n} bozze.", "saved.one": "Bozza salvata, 1 bozza.",
    "saved.here": "Il pannello non risponde: la bozza è conservata in questo browser e sarà salvata appena possibile.",
    unsent: "{n} bozze attendono di essere salvate nel pannello.", "unsent.one": "1 bozza attende di essere salvata nel pannello.", "unsent.title": "Non ancora salvate nel pannello",
    "unsent.open": "Riprendi", "unsent.drop": "Elimina",
    editing: "Modifica della bozza salvata {time}",
    keys: "Tasti", "keys.enter": "Invio", "keys.next": "scegli e avanti", "keys.arrows": "elenco, quantità", "keys.delete": "Canc",
    "keys.remove": "togli la riga", "keys.save": "salva, nuovo ordine", "keys.customer": "cliente", "keys.article": "articolo", "keys.done": "fine",
    "session.resume": "Riprendi", "session.opening": "Aggiorno i clienti…", "session.progress": "pagina {page} di {pages}",
    "session.step.login": "accesso all’ERP", "session.step.open": "apertura dell’elenco",
    "session.fresh": "Nuovi clienti: {new} · elenco intero: {all}", "session.pending": "Aggiorno i clienti… · ultimi dati: {new}",
    "session.held": "Letture sospese dall’operatore · ultimi dati: {new}", "session.failed": "Clienti non aggiornati · ultimi dati: {new}",
    "session.stored": "Il pannello non risponde: si lavora con ciò che c’è", "session.refused": "Collegamento rifiutato",
    "session.ended": "Sessione scaduta: riparte al primo tasto · ultimi dati: {new}",
    "session.operator": "Sessione chiusa dall’operatore · dati salvati: {new}", "session.closed": "Sessione chiusa",
    "session.added": "+{n} nuovi", "session.added.one": "+1 nuovo",
    "session.lost": "Collegamento interrotto: riparte al primo tasto · ultimi dati: {new}",
    "time.now": "adesso", "time.minutes": "{n} min fa", "time.never": "mai", "time.yesterday": "ieri {time}",
    "conflict.title": "Bozza cambiata in un’altra scheda",
    "conflict.text": "{name}: salvarla così cancellerebbe quelle modifiche. Non è stato scritto niente.",
    "conflict.open": "Apri l’altra versione", "conflict.copy": "Salva questa come nuova bozza",
    "door.title": "Archisync", "door.wait": "Per aprire il modulo confermare nel pannello di Archisync: un clic su «Consenti».",
    "door.no": "Il pannello non risponde. Avviare Archisync e riprovare.", "door.again": "Riprova",
    "drafts.none": "Nessuna bozza: quelle salvate nel modulo ordini compaiono qui.", "drafts.count": "{n} bozze", "drafts.count.one": "1 bozza",
    edit: "Modifica", print: "Stampa", delete: "Elimina", "delete.sure": "Elimina davvero", "panel.away": "Il pannello non risponde.", "panel.retry": "Riprova",
    "no.customer": "Senza cliente", "lines.count": "{n} articoli", "lines.count.one": "1 articolo", "saved.at": "salvata {time}",
    "export.csv": "Esporta CSV", "export.json": "Esporta JSON", draft: "Bozza d’ordine", "print.all": "Stampa tutte", printed: "Stampata il {time}", "group.of": "listino {name}",
    "prices.of": "prezzi letti {time}", "print.note": "Bozza: non è una conferma d’ordine.", "of.draft": "{action}: {name}",
    error: "Qualcosa non ha funzionato: {text}",
  },
  en: {
    "title.form": "Order form", "title.drafts": "Drafts", done: "Done", new: "New order",
    customer: "Customer", "customer.search": "Name, town, VAT number or code…", "customer.change": "Change",
    "customer.none": "No customer found", "customer.gone": "This customer is no longer in the ERP (last whole read {time}).",
    "customer.vat": "VAT no.", "customer.missing": "Choose the customer first.",
    lines: "Articles", "lines.none": "No article yet: search above.", group: "Price list", date: "Date",
    product: "Article", "product.search": "Code, name or description…", "product.none": "No article found",
    "product.stopped": "stopped", "product.first": "Choose an article.",
    quantity: "Quantity", price: "Price", vat: "VAT", amount: "Amount", actions: "Actions", add: "Add",
    remove: "Remove {name}", "quantity.of": "Quantity of {name}",
    "rule.min": "at least {n}", "rule.multiple": "multiples of {n}", "rule.max": "at most {n}", "rule.package": "package of {n}",
    "rule.wrong": "Quantity not allowed: {rules}.", "rule.use": "Use {n}", "rule.number": "Type a number.",
    "price.none": "no price", "price.per": "per {n}", "price.asof": "Price read {time}",
    "price.changed": "Price changed: was {old}, is {now}.", "price.gone": "The price is no longer in the list.", "price.use": "Use the new one",
    "total.title": "Total", net: "Net", "vat.at": "VAT {rate} on\u00a0{net}", "vat.assumed": "VAT {rate} (assumed) on\u00a0{net}",
    total: "Total", "total.partly": "{n} articles without price not counted", "total.partly.one": "1 article without price not counted",
    note: "Note", save: "Save draft", clear: "Clear the form",
    saving: "Saving the draft…", cleared: "Form cleared.", removed: "{name} removed.", undo: "Undo",
    "saved.refused": "The draft was not accepted: {text}", "product.left": "There is text in the article box: choose from the list or delete it.",
    saved: "Draft saved, {n} drafts.", "saved.one": "Draft saved, 1 draft.",
    "saved.here": "The panel does not answer: the draft is kept in this browser and will be saved as soon as possible.",
    unsent: "{n} drafts wait to be saved in the panel.", "unsent.one": "1 draft waits to be saved in the panel.", "unsent.title": "Not yet saved in the panel",
    "unsent.open": "Go on", "unsent.drop": "Delete",
    editing: "Editing the draft saved {time}",
    keys: "Keys", "keys.enter": "Enter", "keys.next": "choose and go on", "keys.arrows": "list, quantity", "keys.delete": "Del",
    "keys.remove": "remove the line", "keys.save": "save, next order", "keys.customer": "customer", "keys.article": "article", "keys.done": "done",
    "session.resume": "Go on", "session.opening": "Refreshing customers…", "session.progress": "page {page} of {pages}",
    "session.step.login": "logging in to the ERP", "session.step.open": "opening the list",
    "session.fresh": "New customers: {new} · whole list: {all}", "session.pending": "Refreshing customers… · last data: {new}",
    "session.held": "Reads held by the operator · last data: {new}", "session.failed": "Customers not refreshed · last data: {new}",
    "session.stored": "The panel does not answer: working with what is here", "session.refused": "Connection refused",
    "session.ended": "Session timed out: goes on at the next key · last data: {new}",
    "session.operator": "Session ended by the operator · stored data: {new}", "session.closed": "Session closed",
    "session.added": "+{n} new", "session.added.one": "+1 new",
    "session.lost": "Connection lost: goes on at the next key · last data: {new}",
    "time.now": "now", "time.minutes": "{n} min ago", "time.never": "never", "time.yesterday": "yesterday {time}",
    "conflict.title": "The draft was changed in another tab",
    "conflict.text": "{name}: saving it like this would erase those changes. Nothing was written.",
    "conflict.open": "Open the other version", "conflict.copy": "Save this as a new draft",
    "door.title": "Archisync", "door.wait": "To open the form confirm it in the Archisync panel: one click on “Allow”.",
    "door.no": "The panel does not answer. Start Archisync and try again.", "door.again": "Try again",
    "drafts.none": "No drafts: those saved in the order form appear here.", "drafts.count": "{n} drafts", "drafts.count.one": "1 draft",
    edit: "Edit", print: "Print", delete: "Delete", "delete.sure": "Really delete", "panel.away": "The panel does not answer.", "panel.retry": "Try again",
    "no.customer": "No customer", "lines.count": "{n} articles", "lines.count.one": "1 article", "saved.at": "saved {time}",
    "export.csv": "Export CSV", "export.json": "Export JSON", draft: "Draft order", "print.all": "Print all", printed: "Printed on {time}", "group.of": "price list {name}",
    "prices.of": "prices read {time}", "print.note": "Draft: not an order confirmation.", "of.draft": "{action}: {name}",
    error: "Something did not work: {text}",
  },
};

const KEY = "archisync-language";

function stored() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

export const language = WORDS[stored()] ? stored() : navigator.language.toLowerCase().startsWith("it") ? "it" : "en";
const locale = language === "it" ? "it-IT" : "en-GB";

/** One or many: "1 bozza", "3 bozze". */
export const counted = (code, n) => t(n === 1 ? `${code}.one` : code, { n });

export function t(code, params = {}) {
  return (WORDS[language][code] ?? code).replace(/\{(\w+)\}/g, (_, name) => params[name] ?? "–");
}

/** Fill the page's fixed texts and its language button. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.ariaLabel = t(element.dataset.tLabel);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = t(element.dataset.placeholder);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.textContent = language === "it" ? "English" : "Italiano";
    button.lang = language === "it" ? "en" : "it";
    button.addEventListener("click", () => {
      localStorage.setItem(KEY, language === "it" ? "en" : "it");
      location.reload();
    });
  }
}

const euros = new Intl.NumberFormat(locale, { style: "currency", currency: "EUR" });
const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", year: "numeric" });

/** Integer cents as money. */
export const money = (cents) => cents === null || cents === undefined ? t("price.none") : euros.format(cents / 100);
/** Thousandths as a quantity. */
export const amount = (thousandths) => plain.format(thousandths / 1000);
/** Hundredths of a percent. */
export const percent = (hundredths) => `${plain.format(hundredths / 100)} %`;

/** An ISO date as people write it. */
export const dateOf = (iso) => iso ? day.format(new Date(`${iso}T12:00:00`)) : "";

/** A moment in full, for paper. */
export const stamp = (moment) => `${day.format(new Date(moment))} ${clock.format(new Date(moment))}`;

/** A moment as people say it: now, 5 min ago, 14:05, yesterday 14:05, or the date. */
export function ago(moment, now = new Date()) {
  if (!moment) return t("time.never");
  const at = new Date(moment);
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return t("time.now");
  if (minutes < 10) return t("time.minutes", { n: minutes });
  if (at.toDateString() === now.toDateString()) return clock.format(at);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (at.toDateString() === yesterday.toDateString()) return t("time.yesterday", { time: clock.format(at) });
  return `${day.format(at)} ${clock.format(at)}`;
}

/** What a person typed as thousandths, or null: "1.000" and "2,5" in Italian, "1,000" and "2.5" in English. */
export function parseQuantity(text) {
  const [group, decimal] = language === "it" ? [".", ","] : [",", "."];
  const clean = text.trim().replaceAll(" ", "");
  const pattern = new RegExp(`^\\d+(\\${group}\\d{3})*(\\${decimal}\\d{1,3})?$`);
  if (!pattern.test(clean)) return null;
  const [whole, part = ""] = clean.replaceAll(group, "").split(decimal);
  const thousandths = Number(whole) * 1000 + Number(part.padEnd(3, "0"));
  return Number.isSafeInteger(thousandths) && thousandths <= 1e12 ? thousandths : null;
}
