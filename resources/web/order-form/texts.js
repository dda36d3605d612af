/* The texts of the pages in Italian and English, and the formats of numbers, money and times. */
import { readSetting, writeSetting } from "./storage.js";

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
    "rule.wrong": "Quantità non valida: {rules}.", "rule.use": "Usa {n}",
    "price.none": "senza prezzo", "price.per": "per {n}", "price.asof": "Prezzo letto {time}",
    "price.changed": "Prezzo cambiato: era {old}, ora {now}.", "price.gone": "Il prezzo non è più nel listino.", "price.use": "Usa il nuovo",
    "total.title": "Totale", net: "Imponibile", "vat.at": "IVA {rate} su\u00a0{net}", "vat.assumed": "IVA {rate} presunta su\u00a0{net}", "vat.partly": "IVA {rate} su\u00a0{net}, di cui {part} presunta",
    total: "Totale", "total.partly": "{n} articoli senza prezzo non contati", "total.partly.one": "1 articolo senza prezzo non contato",
    note: "Nota", save: "Salva bozza", clear: "Svuota il modulo",
    saving: "Salvo la bozza…", cleared: "Modulo svuotato.", removed: "{name} tolto.", undo: "Annulla",
    "saved.refused": "La bozza non è stata accettata: {text}", "product.left": "Nel campo Articolo c’è un testo: sceglierlo dall’elenco o cancellarlo.",
    saved: "Bozza salvata, {n} bozze.", "saved.one": "Bozza salvata, 1 bozza.",
    "saved.here": "Il pannello non risponde: la bozza è conservata in questo browser e sarà salvata appena possibile.",
    "saved.twice": "Anche un’altra scheda ha salvato questa bozza: entrambe le versioni sono conservate; quando il pannello risponde si possono confrontare.",
    "untaken.conflict": "La bozza di {name} è stata salvata anche altrove: questa versione è conservata qui, da confrontare con l’altra.",
    "untaken.deleted": "La bozza di {name} è stata eliminata altrove: questa versione è conservata qui.",
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
    "others.wait": "In questo browser c’è qualcosa scritto per un altro utente dell’ERP. Questo modulo lavora per {account} e non lo può leggere: si ritrova quando il modulo è aperto per quell’utente.",
    "late.refused": "La bozza di {name} non è stata accettata: {text}", "conflict.compare": "Confronta",
    "late.conflict": "La bozza di {name} è stata cambiata in un’altra scheda: non è stato scritto niente.",
    "late.deleted": "La bozza di {name} è stata eliminata altrove: non è stato scritto niente.",
    "conflict.open": "Apri l’altra versione", "conflict.copy": "Salva questa come nuova bozza",
    "access.title": "Archisync", "access.wait": "Per aprire il modulo confermare nel pannello di Archisync: un clic su «Consenti».",
    "access.retry": "Riprova",
    "drafts.none": "Nessuna bozza: quelle salvate nel modulo ordini compaiono qui.", "drafts.count": "{n} bozze", "drafts.count.one": "1 bozza",
    edit: "Modifica", print: "Stampa", delete: "Elimina", "delete.sure": "Elimina davvero", "panel.away": "Il pannello non risponde.", "panel.retry": "Riprova",
    "no.customer": "Senza cliente", "lines.count": "{n} articoli", "lines.count.one": "1 articolo", "saved.at": "salvata {time}",
    "export.csv": "Esporta CSV", "export.json": "Esporta JSON", draft: "Bozza d’ordine", "print.all": "Stampa tutte", "drafts.reading": "Leggo le bozze: {n} di {total}…", "drafts.some": "Lette {n} bozze di {total}: altre sono state salvate o eliminate in quel momento. Riprovare.", printed: "Stampata il {time}", "group.of": "listino {name}",
    "prices.of": "prezzi letti {time}", "print.note": "Bozza: non è una conferma d’ordine.", "of.draft": "{action}: {name}",
    error: "Qualcosa non ha funzionato: {text}",
    "customer.found": "{n} clienti trovati: scegliere con ↓ e Invio.", "product.found": "{n} articoli trovati: scegliere con ↓ e Invio.",
    "quantity.empty": "Scrivere la quantità.", "quantity.number": "Scrivere un numero.", "quantity.zero": "La quantità non può essere zero.",
    "quantity.large": "La quantità è troppo grande.", "quantity.suspicious": "Sembra un codice d’articolo, non una quantità.",
    "quantity.sure": "È la quantità", "rule.together": "In tutto {pieces} di questo articolo: {rules}.", "rule.there": "già nell’ordine: {n}",
    discount: "Sconto %", "discount.wrong": "Sconto non valido: scrivere ad esempio 50+10+5.", free: "omaggio", "free.short": "omaggio",
    "line.note": "Nota di riga", more: "sconto, omaggio, nota",
    "scan.added": "{name} aggiunto.", "scan.more": "{name}: ora {n}.", "scan.looking": "Cerco il codice {code}…",
    "scan.missing": "Nessun articolo ha il codice {code}.", "scan.failed": "Codice {code}: il pannello non risponde, l’articolo non è aggiunto.", "scan.forget": "Va bene",
    "scan.left": "Non salvato: il codice {code} è stato letto ma non è nell’ordine.",
    "scan.blocked": "Il codice {code} non è stato aggiunto: rispondere prima qui, poi passarlo di nuovo.", "scan.instead": "È un codice: aggiungi l’articolo",
    "lines.many": "Un ordine ha al massimo {n} righe: salvarlo e continuare in un altro.",
    "price.unread": "prezzo non letto", "entry.left": "La riga in alto non è ancora nell’ordine: correggere la quantità.",
    "save.empty": "Non c’è ancora niente da salvare.", "save.invalid": "Non salvato: {name} ha una quantità o uno sconto non valido ({n} in tutto).",
    "save.waiting": "Attendo i prezzi, poi salvo…", "kept.unread": "Il browser non riesce a leggere le bozze non finite. Non sono perse: ricaricare la pagina più tardi.",
    "save.typing": "Non ancora salvato: si sta scrivendo altro. Ctrl+Invio lo salva.", "save.large": "Non salvato: le note sono troppo lunghe. Accorciarle.",
    "saved.nowhere": "La bozza è solo in questa pagina: non chiuderla finché il pannello non risponde.",
    unkept: "Questo browser non conserva niente (memoria piena o vietata): ciò che si scrive è al sicuro solo dopo «Salva bozza».",
    "past.last": "Come l’ultimo ordine ({date}, {n} righe)", "past.usual": "{name} × {n}", "past.added": "{n} righe aggiunte.",
    delivery: "Consegna", "delivery.date": "Data desiderata", "delivery.address": "Indirizzo di consegna", "delivery.same": "Indirizzo del cliente",
    "undo.step": "↶ Annulla", "redo.step": "↷ Ripeti", "keys.undo": "annulla, ripeti", "date.today": "data di oggi", cancel: "Annulla",
    "paste.open": "Incolla da Excel", "paste.title": "Righe incollate", "paste.text": "Una riga per articolo: codice, quantità, sconto. Niente è aggiunto finché non si conferma.",
    "paste.looking": "cerco…", "paste.missing": "codice non trovato", "paste.failed": "il pannello non risponde",
    "paste.take": "Aggiungi {n} righe", "paste.take.one": "Aggiungi 1 riga", "paste.added": "{n} righe aggiunte.", "paste.added.one": "1 riga aggiunta.",
    "leaving.title": "Non ancora aggiunto", "leaving.text": "{what} non è ancora nell’ordine. Resta scritto in questa scheda.",
    "leaving.go": "Esci così", "leaving.stay": "Resta", "leaving.add": "Aggiungi ed esci",
    "panel.other": "A {address} risponde un altro programma, non Archisync: non gli viene inviato nulla e ciò che è scritto resta in questo browser. Chiudere quel programma o riavviare Archisync; se non basta, riaprire il modulo dal pannello.",
    "panel.blocked": "Il browser vieta a questa pagina di parlare con i programmi del computer. Icona a sinistra dell’indirizzo → Impostazioni sito → Accesso alla rete locale → Consenti.",
    "panel.moved": "Archisync risponde ora a un altro indirizzo: aprire {address}/order-form. Ciò che è scritto qui si ritrova lì.",
    "panel.tries": "Troppi tentativi con una chiave non valida: attendere un minuto e riprovare.",
    "access.digits": "Per aprire il modulo scrivere nel pannello di Archisync questo numero: {digits}.",
    "conflict.opening": "{name}: questa bozza è stata cambiata altrove dopo ciò che questo browser conserva. Scegliere da quale continuare.",
    "conflict.deleted": "{name}: questa bozza è stata eliminata altrove. Non è stato scritto niente.",
    "conflict.mine": "Qui", "conflict.theirs": "Nel pannello, salvata {time}", "conflict.gone": "Eliminata.",
    "conflict.replace": "Sostituisci con questa", "conflict.go": "Continua con quella di qui",
    "draft.broken": "Questa bozza non si può mostrare: contiene dati non validi. Si può esportare o eliminare.",
    duplicate: "Duplica", "drafts.more": "Mostra altre", "export.excel": "Esporta Excel", "export.making": "Preparo il file…",
    "open.elsewhere": "Questo ordine è in scrittura in un’altra scheda: continuare lì.", "unsent.aside": "non finita", "unsent.send": "da salvare nel pannello",
    letterhead: "Intestazione", "letterhead.text": "Nome e indirizzo dell’ufficio, stampati in alto", "letterhead.saved": "Intestazione salvata.",
    "letterhead.save": "Salva intestazione", "delivery.on": "consegna {date}", "lines.of": "Righe dell’ordine",
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
    "rule.wrong": "Quantity not allowed: {rules}.", "rule.use": "Use {n}",
    "price.none": "no price", "price.per": "per {n}", "price.asof": "Price read {time}",
    "price.changed": "Price changed: was {old}, is {now}.", "price.gone": "The price is no longer in the list.", "price.use": "Use the new one",
    "total.title": "Total", net: "Net", "vat.at": "VAT {rate} on\u00a0{net}", "vat.assumed": "VAT {rate} (assumed) on\u00a0{net}", "vat.partly": "VAT {rate} on\u00a0{net}, {part} of it assumed",
    total: "Total", "total.partly": "{n} articles without price not counted", "total.partly.one": "1 article without price not counted",
    note: "Note", save: "Save draft", clear: "Clear the form",
    saving: "Saving the draft…", cleared: "Form cleared.", removed: "{name} removed.", undo: "Undo",
    "saved.refused": "The draft was not accepted: {text}", "product.left": "There is text in the article box: choose from the list or delete it.",
    saved: "Draft saved, {n} drafts.", "saved.one": "Draft saved, 1 draft.",
    "saved.here": "The panel does not answer: the draft is kept in this browser and will be saved as soon as possible.",
    "saved.twice": "Another tab has saved this draft, too: both versions are kept; when the panel answers they can be compared.",
    "untaken.conflict": "The draft of {name} was saved elsewhere, too: this version is kept here, to be compared with the other one.",
    "untaken.deleted": "The draft of {name} was deleted elsewhere: this version is kept here.",
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
    "others.wait": "In this browser there is something written for another ERP account. This form works for {account} and cannot read it: it is found again when the form is open for that account.",
    "late.refused": "The draft of {name} was not accepted: {text}", "conflict.compare": "Compare",
    "late.conflict": "The draft of {name} was changed in another tab: nothing was written.",
    "late.deleted": "The draft of {name} was deleted elsewhere: nothing was written.",
    "conflict.open": "Open the other version", "conflict.copy": "Save this as a new draft",
    "access.title": "Archisync", "access.wait": "To open the form confirm it in the Archisync panel: one click on “Allow”.",
    "access.retry": "Try again",
    "drafts.none": "No drafts: those saved in the order form appear here.", "drafts.count": "{n} drafts", "drafts.count.one": "1 draft",
    edit: "Edit", print: "Print", delete: "Delete", "delete.sure": "Really delete", "panel.away": "The panel does not answer.", "panel.retry": "Try again",
    "no.customer": "No customer", "lines.count": "{n} articles", "lines.count.one": "1 article", "saved.at": "saved {time}",
    "export.csv": "Export CSV", "export.json": "Export JSON", draft: "Draft order", "print.all": "Print all", "drafts.reading": "Reading the drafts: {n} of {total}…", "drafts.some": "{n} of {total} drafts were read: others were saved or deleted at that moment. Try again.", printed: "Printed on {time}", "group.of": "price list {name}",
    "prices.of": "prices read {time}", "print.note": "Draft: not an order confirmation.", "of.draft": "{action}: {name}",
    error: "Something did not work: {text}",
    "customer.found": "{n} customers found: choose with ↓ and Enter.", "product.found": "{n} articles found: choose with ↓ and Enter.",
    "quantity.empty": "Type the quantity.", "quantity.number": "Type a number.", "quantity.zero": "The quantity cannot be zero.",
    "quantity.large": "The quantity is too large.", "quantity.suspicious": "This looks like an article code, not a quantity.",
    "quantity.sure": "It is the quantity", "rule.together": "{pieces} of this article in all: {rules}.", "rule.there": "already in the order: {n}",
    discount: "Discount %", "discount.wrong": "Discount not valid: type for example 50+10+5.", free: "free goods", "free.short": "free",
    "line.note": "Line note", more: "discount, free goods, note",
    "scan.added": "{name} added.", "scan.more": "{name}: now {n}.", "scan.looking": "Looking for the code {code}…",
    "scan.missing": "No article has the code {code}.", "scan.failed": "Code {code}: the panel does not answer, the article is not added.", "scan.forget": "All right",
    "scan.left": "Not saved: the code {code} was scanned but is not in the order.",
    "scan.blocked": "The code {code} was not added: answer here first, then scan it again.", "scan.instead": "It is a code: add the article",
    "lines.many": "An order has at most {n} lines: save it and go on in another one.",
    "price.unread": "price not read", "entry.left": "The row above is not in the order yet: correct the quantity.",
    "save.empty": "There is nothing to save yet.", "save.invalid": "Not saved: {name} has a quantity or discount that is not valid ({n} in all).",
    "save.waiting": "Waiting for prices, then saving…", "kept.unread": "The browser cannot read the unfinished drafts. They are not lost: load the page again later.",
    "save.typing": "Not saved yet: something else is being typed. Ctrl+Enter saves it.", "save.large": "Not saved: the notes are too long. Shorten them.",
    "saved.nowhere": "The draft is in this page only: do not close it until the panel answers.",
    unkept: "This browser keeps nothing (storage full or forbidden): what you type is safe only after “Save draft”.",
    "past.last": "As the last order ({date}, {n} lines)", "past.usual": "{name} × {n}", "past.added": "{n} lines added.",
    delivery: "Delivery", "delivery.date": "Desired date", "delivery.address": "Delivery address", "delivery.same": "Customer’s address",
    "undo.step": "↶ Undo", "redo.step": "↷ Redo", "keys.undo": "undo, redo", "date.today": "today’s date", cancel: "Cancel",
    "paste.open": "Paste from Excel", "paste.title": "Pasted rows", "paste.text": "One row for each article: code, quantity, discount. Nothing is added before you confirm.",
    "paste.looking": "looking…", "paste.missing": "code not found", "paste.failed": "the panel does not answer",
    "paste.take": "Add {n} rows", "paste.take.one": "Add 1 row", "paste.added": "{n} rows added.", "paste.added.one": "1 row added.",
    "leaving.title": "Not added yet", "leaving.text": "{what} is not in the order yet. It stays written in this tab.",
    "leaving.go": "Leave like this", "leaving.stay": "Stay", "leaving.add": "Add and leave",
    "panel.other": "Another program answers at {address}, not Archisync: nothing is sent to it, and what is written stays in this browser. Close that program or restart Archisync; if that does not help, open the form anew from the panel.",
    "panel.blocked": "The browser forbids this page to talk to programs on this computer. Icon left of the address → Site settings → Local network access → Allow.",
    "panel.moved": "Archisync now answers at another address: open {address}/order-form. What is written here will be there.",
    "panel.tries": "Too many tries with a key that is not valid: wait a minute and try again.",
    "access.digits": "To open the form type this number in the Archisync panel: {digits}.",
    "conflict.opening": "{name}: this draft was changed elsewhere after what this browser keeps. Choose which one to go on with.",
    "conflict.deleted": "{name}: this draft was deleted elsewhere. Nothing was written.",
    "conflict.mine": "Here", "conflict.theirs": "In the panel, saved {time}", "conflict.gone": "Deleted.",
    "conflict.replace": "Replace it with this one", "conflict.go": "Go on with the one here",
    "draft.broken": "This draft cannot be shown: it holds data that are not valid. It can be exported or deleted.",
    duplicate: "Duplicate", "drafts.more": "Show more", "export.excel": "Export Excel", "export.making": "Making the file…",
    "open.elsewhere": "This order is being written in another tab: go on there.", "unsent.aside": "not finished", "unsent.send": "to be saved in the panel",
    letterhead: "Letterhead", "letterhead.text": "Name and address of the office, printed at the top", "letterhead.saved": "Letterhead saved.",
    "letterhead.save": "Save letterhead", "delivery.on": "delivery {date}", "lines.of": "Lines of the order",
  },
};

/** @param {string | null} name @returns {name is "it" | "en"} */
const known = (name) => name === "it" || name === "en";
const chosen = readSetting("language");

/** @type {"it" | "en"} */
export const language = known(chosen) ? chosen : navigator.language.toLowerCase().startsWith("it") ? "it" : "en";
const locale = language === "it" ? "it-IT" : "en-GB";
/** The decimal separator. */
export const decimalSign = language === "it" ? "," : ".";
/** The language to change to. */
export const otherLanguage = language === "it" ? { lang: "en", name: "English" } : { lang: "it", name: "Italiano" };

/** A text with a number, in its singular or plural form: "1 bozza", "3 bozze". @param {string} code @param {number} n */
export const counted = (code, n) => t(n === 1 ? `${code}.one` : code, { n });

/** A text in the page's language. @param {string} code @param {Record<string, unknown>} [params] @returns {string} */
export function t(code, params = {}) {
  const words = /** @type {Record<string, string>} */ (WORDS[language]);
  return (words[code] ?? code).replace(/\{(\w+)\}/g, (_, name) => String(params[name] ?? "–"));
}

/** Set the language of the document. */
export const setLanguage = () => { document.documentElement.lang = language; };

/** Reload the page in the other language; the order stays. */
export function switchLanguage() {
  writeSetting("language", otherLanguage.lang);
  location.reload();
}

const euros = new Intl.NumberFormat(locale, { style: "currency", currency: "EUR" });
const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", year: "numeric" });

/** Integer cents as money. @param {number | null | undefined} cents */
export const money = (cents) => cents === null || cents === undefined ? t("price.none") : euros.format(cents / 100);
/** Thousandths as a quantity. @param {number} thousandths */
export const amount = (thousandths) => plain.format(thousandths / 1000);
/** Hundredths of a percent. @param {number} hundredths */
export const percent = (hundredths) => `${plain.format(hundredths / 100)} %`;

/** A price with its unit. @param {number | null} cents @param {number | null | undefined} unit Thousandths. */
export const priceText = (cents, unit) =>
  unit && unit !== 1000 && cents !== null ? `${money(cents)} ${t("price.per", { n: amount(unit) })}` : money(cents);

/** The rules of an article in words.
 * @param {import("./quantity.js").Rule} rule @param {string | null} [packageContent] */
export const ruleText = (rule, packageContent) => [
  rule.min && t("rule.min", { n: amount(rule.min) }), rule.multiple && t("rule.multiple", { n: amount(rule.multiple) }),
  rule.max && t("rule.max", { n: amount(rule.max) }), packageContent && t("rule.package", { n: packageContent }),
].filter(Boolean).join(", ");

/** What is wrong with a line. @param {import("./value.js").Problem} problem */
export const problemText = ({ code, params = {} }) => t(code, { ...params,
  ...(params.rule ? { rules: ruleText(/** @type {any} */ (params.rule)), pieces: amount(Number(params.pieces)) } : {}) });

/** A line of the totals. @param {import("./money.js").VatLine} line */
export const vatText = ({ rate, net, assumed }) => t(!assumed ? "vat.at" : assumed === net ? "vat.assumed" : "vat.partly",
  { rate: percent(rate), net: money(net), part: money(assumed) });

/** An ISO date in the format of the language; other texts are returned as they are.
 * @param {string | null | undefined} iso */
export function dateText(iso) {
  const date = new Date(`${iso ?? ""}T12:00:00`);
  return Number.isNaN(date.getTime()) ? iso ?? "" : day.format(date);
}

/** Date and time. @param {string | number | Date} time */
export const stamp = (time) => `${day.format(new Date(time))} ${clock.format(new Date(time))}`;

/** A time relative to now: now, 5 min ago, 14:05, yesterday 14:05, or date and time.
 * @param {string | number | Date | null | undefined} time */
export function ago(time, now = new Date()) {
  const at = new Date(time ?? NaN);
  if (Number.isNaN(at.getTime())) return t("time.never");
  const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000);
  if (minutes < 1) return t("time.now");
  if (minutes < 10) return t("time.minutes", { n: minutes });
  if (at.toDateString() === now.toDateString()) return clock.format(at);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (at.toDateString() === yesterday.toDateString()) return t("time.yesterday", { time: clock.format(at) });
  return `${day.format(at)} ${clock.format(at)}`;
}
