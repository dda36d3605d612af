/* The order form: one order at a time, keyboard first, in a smart session with the panel like any outside page. */
import { openSession } from "../archisync-client.mjs";
import { Combo } from "./combo.js";
import { $, element, notice } from "./dom.js";
import { base, call, dismiss, enter, key } from "./door.js";
import { currentId, forget, kept, newId, recall, remember, save, sendWaiting, setCurrent } from "./keep.js";
import { allowed, ASSUMED_VAT, groups, isAllowed, lineAmount, priceFor, rules, stepped, totals, vatOf } from "./order.js";
import { ago, amount, counted, money, parseQuantity, percent, t, translatePage } from "./texts.js";

const GROUP = "archisync-price-group";
const RESEND_EVERY = 15_000;

let order = blank();
let priceLists = []; // [{id, name}] seen so far
let product = null; // {product, prices, asOf} chosen for the next line
let session = null;
let tick = 0;

function today() {
  const now = new Date();
  return new Date(now - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** A new order. `checks`: what changed since the draft was saved, by line (not stored). */
function blank() {
  return { id: newId(), version: null, customer: null, date: today(), group: localStorage.getItem(GROUP), note: "",
    lines: [], gone: null, checks: new Map(), editing: null };
}

const isEmpty = () => !order.customer && !order.lines.length && !order.note;

function toDocument({ customer, group, date, note, lines } = order) {
  return { customer, priceGroup: group || null, date, note, lines };
}

/** Text with the searched words marked; what comes from outside is only ever text. */
function marked(text, words) {
  const nodes = [];
  let rest = String(text ?? "");
  while (rest) {
    const folded = rest.toLowerCase();
    const hits = words.filter(Boolean).map((word) => [folded.indexOf(word), word.length]).filter(([at]) => at >= 0);
    if (!hits.length) { nodes.push(rest); break; }
    const [at, length] = hits.sort((a, b) => a[0] - b[0])[0];
    if (at) nodes.push(rest.slice(0, at));
    nodes.push(element("mark", { text: rest.slice(at, at + length) }));
    rest = rest.slice(at + length);
  }
  return nodes;
}

/** What has just been done, beside the customer box where the eyes are; `undo` takes it back. */
function say(text, { undo, tone = "good" } = {}) {
  $("saved").dataset.tone = tone;
  $("saved").replaceChildren(...(text ? [text] : []), ...(undo ? [" ", element("button", { type: "button",
    className: "quiet", text: t("undo"), onclick: () => { say(""); undo(); } })] : []));
}

// ---------------------------------------------------------------------------------------------- searching

async function ask(path, signal) {
  const { status, answer } = await call(path, { signal });
  if (status !== 200) throw new Error(answer.error);
  return answer;
}

const searchCustomers = async (text, signal) =>
  (await ask(`/api/customers?limit=20&search=${encodeURIComponent(text)}`, signal)).rows;
const searchProducts = async (text, signal) =>
  (await ask(`/api/products?limit=20&search=${encodeURIComponent(text)}`, signal)).rows;

const customerBox = new Combo($("customer"), {
  search: searchCustomers,
  render: (c, words) => [
    element("b", {}, ...marked(c.name, words)), " ",
    element("small", {}, ...marked([c.city, c.accountNum, c.vatNumber].filter(Boolean).join(" · "), words)),
  ],
  choose: (c) => {
    const seen = session?.freshness.newAsOf?.toISOString() ?? null;
    order.customer = { id: c.key, name: c.name ?? "", accountNum: c.accountNum ?? null, city: c.city ?? null,
      vatNumber: c.vatNumber ?? null, asOf: seen };
    order.gone = null;
    changed();
    $("product").focus();
  },
  empty: (failed) => failed ? t("panel.away") : t("customer.none"),
});

const productBox = new Combo($("product"), {
  search: searchProducts,
  render: (p, words) => [
    element("b", {}, ...marked(p.name ?? p.itemId, words)), " ",
    element("small", {}, ...marked([p.itemId, p.description].filter(Boolean).join(" · "), words)),
    ...(p.packageContent ? [" ", element("small", { className: "tag", text: t("rule.package", { n: p.packageContent }) })] : []),
    ...(p.stopped ? [" ", element("small", { className: "tag bad", text: t("product.stopped") })] : []),
  ],
  choose: chooseProduct,
  empty: (failed) => failed ? t("panel.away") : t("product.none"),
});

async function pricesOf(itemId) {
  const answer = await ask(`/api/prices?limit=200&product=${encodeURIComponent(itemId)}`);
  const known = new Map(priceLists.map((list) => [list.id, list]));
  for (const list of groups(answer.rows)) known.set(list.id, list);
  priceLists = [...known.values()].sort((a, b) => a.id.localeCompare(b.id));
  return { prices: answer.rows, asOf: answer.allAsOf };
}

// ---------------------------------------------------------------------------------------------- the next line

async function chooseProduct(chosen) {
  $("product").value = chosen.name ?? chosen.itemId;
  $("quantity").disabled = false;
  const rule = rules(chosen);
  const entry = product = { product: chosen, prices: [], asOf: null, loading: null };
  product.loading = pricesOf(chosen.itemId).then(
    (found) => Object.assign(entry, found),
    (error) => notice(t("error", { text: error.message })),
  ).finally(() => { entry.loading = null; });
  $("quantity").value = amount(allowed(chosen.defaultQuantity || 1000, rule));
  $("quantity").focus();
  $("quantity").select();
  showEntry();
  await entry.loading;
  if (product !== entry) return;
  showGroups();
  showEntry();
}

function ruleWords(rule, chosen) {
  return [
    rule.min && t("rule.min", { n: amount(rule.min) }), rule.multiple && t("rule.multiple", { n: amount(rule.multiple) }),
    rule.max && t("rule.max", { n: amount(rule.max) }), chosen.packageContent && t("rule.package", { n: chosen.packageContent }),
  ].filter(Boolean).join(", ");
}

function showEntry() {
  const quantity = $("quantity"), told = $("rules");
  told.replaceChildren();
  told.classList.remove("wrong");
  quantity.removeAttribute("aria-invalid");
  $("add").disabled = !product;
  if (!product) { $("price").textContent = "–"; return; }
  const rule = rules(product.product);
  const typed = parseQuantity(quantity.value);
  const words = ruleWords(rule, product.product);
  if (typed === null || !isAllowed(typed, rule)) {
    quantity.setAttribute("aria-invalid", "true");
    told.classList.add("wrong");
    told.append(typed === null ? t("rule.number") : t("rule.wrong", { rules: words }));
    const better = allowed(typed ?? 0, rule);
    told.append(" ", element("button", { type: "button", className: "quiet", text: t("rule.use", { n: amount(better) }),
      onclick: () => { quantity.value = amount(better); showEntry(); quantity.focus(); } }));
  } else {
    told.textContent = words;
  }
  if (product.loading) { $("price").textContent = "…"; return; }
  const price = priceFor(product.prices, { group: order.group, date: order.date, quantity: typed ?? 1000 });
  $("price").textContent = price ? priceText(price.unitPrice, price.priceUnit) : t("price.none");
  $("price").title = product.asOf ? t("price.asof", { time: ago(product.asOf) }) : "";
}

const priceText = (cents, unit) =>
  unit && unit !== 1000 ? `${money(cents)} ${t("price.per", { n: amount(unit) })}` : money(cents);

function priced(line, prices, asOf) {
  const price = priceFor(prices, { group: order.group, date: order.date, quantity: line.quantity });
  return { ...line, unitPrice: price?.unitPrice ?? null, priceUnit: price?.priceUnit || 1000, priceId: price?.key ?? null,
    priceAsOf: asOf ?? null };
}

/** Adds the article in the entry row; false when it cannot, which is said. */
async function addLine() {
  const entry = product;
  await entry?.loading; // who types faster than the prices come still gets the price
  if (product !== entry) return false;
  if (!product) { notice(t("product.first")); $("product").focus(); return false; }
  const quantity = parseQuantity($("quantity").value);
  if (quantity === null || !isAllowed(quantity, rules(product.product))) {
    showEntry();
    $("quantity").focus();
    return false;
  }
  const { product: chosen, prices, asOf } = product;
  const line = { itemId: chosen.itemId, name: chosen.name ?? chosen.itemId, description: chosen.description ?? null,
    quantity, vatPercent: vatOf(chosen) };
  order.lines = [...order.lines, priced(line, prices, asOf)];
  known.set(chosen.itemId, { product: chosen, prices, asOf });
  clearEntry();
  notice(null);
  changed();
  $("product").focus();
  return true;
}

function clearEntry() {
  product = null;
  $("product").value = $("quantity").value = "";
  $("quantity").disabled = true;
}

/** Articles of this order with their prices, as far as read: item id → {product, prices, asOf}. */
const known = new Map();

async function articleOf(itemId) {
  if (!known.has(itemId)) {
    const [found, prices] = await Promise.all([searchProducts(itemId), pricesOf(itemId)]);
    known.set(itemId, { product: found.find((p) => p.itemId === itemId) ?? null, ...prices });
  }
  return known.get(itemId);
}

// ---------------------------------------------------------------------------------------------- showing

function changed({ store = true } = {}) {
  if (store) {
    if (isEmpty() && !order.version) forget(order.id);
    else remember({ id: order.id, version: order.version, document: toDocument(), editing: order.editing });
    setCurrent(order.id);
  }
  showCustomer();
  showGroups();
  showLines();
  showTotals();
  showEntry();
}

function showCustomer() {
  const chosen = order.customer, box = $("customer-chosen");
  $("customer").hidden = Boolean(chosen);
  box.hidden = !chosen;
  if (!chosen) { box.replaceChildren(); return; }
  box.replaceChildren(
    element("b", { text: chosen.name }),
    element("small", { text: [chosen.accountNum ?? chosen.id, chosen.city,
      chosen.vatNumber && `${t("customer.vat")} ${chosen.vatNumber}`].filter(Boolean).join(" · ") }),
    element("button", { type: "button", className: "quiet", text: t("customer.change"), onclick: changeCustomer }));
  if (order.gone) box.append(element("p", { className: "wrong", text: order.gone }));
}

/** To the customer box, with the name to search anew. */
function changeCustomer() {
  const chosen = order.customer;
  if (chosen) {
    order.customer = null;
    order.gone = null;
    changed();
    $("customer").value = chosen.name;
  }
  $("customer").focus();
  $("customer").select();
}

function showGroups() {
  const select = $("group");
  if (!order.group && priceLists.length) order.group = priceLists[0].id;
  const lists = priceLists.some((l) => l.id === order.group) || !order.group
    ? priceLists : [...priceLists, { id: order.group, name: order.group }];
  select.replaceChildren(...lists.map((l) => element("option", { value: l.id, text: l.name, selected: l.id === order.group })));
  select.disabled = lists.length < 2;
  select.closest("label").hidden = lists.length === 0;
  $("date").value = order.date;
}

function showLines() {
  $("no-lines").hidden = order.lines.length > 0;
  $("table").hidden = order.lines.length === 0;
  $("lines").replaceChildren(...order.lines.map(lineRow));
}

function lineRow(line, index) {
  const quantity = element("input", { type: "text", inputMode: "decimal", value: amount(line.quantity), size: 7,
    ariaLabel: t("quantity.of", { name: line.name }) });
  quantity.dataset.line = index;
  quantity.onchange = () => setQuantity(index, quantity);
  quantity.onkeydown = (event) => lineKey(event, index, quantity);
  const name = element("td", { className: "what" }, element("b", { text: line.name }), " ",
    element("small", { text: [line.itemId, line.description].filter(Boolean).join(" · ") }));
  const check = order.checks.get(index);
  if (check) name.append(checkNote(index, check));
  const total = lineAmount(line);
  const vat = line.vatPercent ?? null;
  const price = element("td", { className: line.unitPrice === null ? "n wrong" : "n", text: priceText(line.unitPrice, line.priceUnit) });
  if (line.priceAsOf) price.title = t("price.asof", { time: ago(line.priceAsOf) });
  return element("tr", {}, name, element("td", { className: "n" }, quantity), price,
    element("td", { className: "n vat", text: vat === null ? `~${percent(ASSUMED_VAT)}` : percent(vat) }),
    element("td", { className: "n", text: total === null ? "–" : money(total) }),
    element("td", {}, element("button", { type: "button", className: "quiet remove", text: "✕",
      ariaLabel: t("remove", { name: line.name }), onclick: () => removeLine(index) })));
}

function checkNote(index, check) {
  const note = element("p", { className: "wrong" });
  if (check.gone) note.textContent = t("price.gone");
  else {
    note.append(t("price.changed", { old: money(check.old), now: money(check.now.unitPrice) }), " ",
      element("button", { type: "button", className: "quiet", text: t("price.use"), onclick: () => {
        order.lines = order.lines.map((line, place) => place === index ? check.now : line);
        order.checks.delete(index);
        changed();
      } }));
  }
  return note;
}

function showTotals() {
  const sums = totals(order.lines);
  const rows = [[t("net"), money(sums.net)]];
  for (const { rate, assumed, net, vat } of sums.vat) {
    rows.push([t(assumed ? "vat.assumed" : "vat.at", { rate: percent(rate), net: money(net) }), money(vat)]);
  }
  rows.push([t("total"), money(sums.total), "sum"]);
  $("totals").replaceChildren(...rows.flatMap(([name, value, className = ""]) =>
    [element("dt", { text: name, className }), element("dd", { text: value, className })]));
  $("partly").textContent = sums.unpriced ? counted("total.partly", sums.unpriced) : "";
  $("save").disabled = isEmpty() && !product;
  $("clear").disabled = isEmpty();
}

// ---------------------------------------------------------------------------------------------- changing lines

async function setQuantity(index, input) {
  const line = order.lines[index];
  const wanted = parseQuantity(input.value);
  const { product: article, prices, asOf } = await articleOf(line.itemId).catch(() => ({ product: null, prices: null }));
  const rule = article ? rules(article) : { min: 0, multiple: 0, max: 0 };
  if (wanted === null || !isAllowed(wanted, rule)) {
    input.setAttribute("aria-invalid", "true");
    const words = article ? ruleWords(rule, article) : "";
    notice(wanted === null ? t("rule.number") : t("rule.wrong", { rules: words }));
    return false;
  }
  notice(null);
  const next = { ...line, quantity: wanted };
  order.lines = order.lines.map((one, place) => place === index ? (prices ? priced(next, prices, asOf) : next) : one);
  order.checks.delete(index);
  changed();
  return true;
}

async function lineKey(event, index, input) {
  const line = order.lines[index];
  if (event.key === "Enter") {
    event.preventDefault();
    if (parseQuantity(input.value) === line.quantity || await setQuantity(index, input)) $("product").focus();
  } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault();
    const article = known.get(line.itemId)?.product;
    const rule = article ? rules(article) : { min: 0, multiple: 0, max: 0 };
    input.value = amount(stepped(parseQuantity(input.value) ?? line.quantity, event.key === "ArrowUp" ? 1 : -1, rule));
  } else if (event.key === "Delete" && event.ctrlKey) {
    event.preventDefault();
    removeLine(index);
  }
}

function removeLine(index) {
  const mine = order, { lines, checks } = order;
  order.lines = lines.filter((_, place) => place !== index);
  order.checks = new Map();
  changed();
  $("product").focus();
  say(t("removed", { name: lines[index].name }), { tone: "soft", undo: () => {
    if (order !== mine) return;
    Object.assign(order, { lines, checks });
    changed();
    $("product").focus();
  } });
}

async function reprice() {
  const lines = await Promise.all(order.lines.map(async (line) => {
    const { prices, asOf } = await articleOf(line.itemId);
    return priced(line, prices, asOf);
  })).catch((error) => { notice(t("error", { text: error.message })); return order.lines; });
  order.lines = lines;
  order.checks = new Map();
  changed();
}

// ---------------------------------------------------------------------------------------------- saving

/** What is still being typed belongs to the order too; false when it cannot be taken, which is said. */
async function takeTyped() {
  const field = document.activeElement;
  if (field?.dataset.line && parseQuantity(field.value) !== order.lines[field.dataset.line].quantity) {
    if (!await setQuantity(Number(field.dataset.line), field)) return false;
  }
  if (product) return addLine();
  if ($("product").value.trim()) { notice(t("product.left")); $("product").focus(); return false; }
  return true;
}

/** Save the draft and begin the next order at once: nobody waits for the panel's disk. */
async function saveOrder() {
  if (!await takeTyped() || isEmpty()) return;
  if (!order.customer) { notice(t("customer.missing")); $("customer").focus(); return; }
  const saving = order, content = toDocument();
  next();
  say(t("saving"), { tone: "soft" });
  const result = await save({ id: saving.id, version: saving.version, document: content, editing: saving.editing });
  showUnsent();
  if ("conflict" in result) { say(""); conflict(saving, result.conflict); return; }
  if (result.refused) { say(""); refused(saving, result.refused); return; }
  if (result.here) say(t("saved.here"), { tone: "warn" });
  else say(counted("saved", result.total));
  session?.ask(); // fresh customers for the next order, in the same session
}

/** A draft that the panel does not take comes back, unless the next one has been begun: then it is a click away. */
function refused(mine, why) {
  remember({ id: mine.id, version: mine.version, document: toDocument(mine), editing: mine.editing });
  const text = t("saved.refused", { text: why });
  if (isEmpty()) { takeUp(mine); notice(text); return; }
  notice(text, element("button", { type: "button", className: "quiet", text: t("unsent.open"), onclick: () => {
    notice(null);
    takeUp(mine);
  } }));
}

/** Make `mine` the order of this page again; what was being written stays among those not yet saved. */
function takeUp(mine) {
  next();
  order = mine;
  $("note").value = order.note;
  changed();
  $(order.customer ? "product" : "customer").focus();
}

/** The next order at once. */
function next() {
  order = blank();
  clearEntry();
  known.clear();
  $("customer").value = $("note").value = "";
  notice(null);
  setCurrent(null);
  changed({ store: false });
  $("customer").focus();
}

function conflict(mine, current) {
  const dialog = $("conflict");
  $("conflict-text").textContent = t("conflict.text", { name: mine.customer?.name });
  $("conflict-open").disabled = !current;
  $("conflict-open").onclick = () => { dialog.close(); forget(mine.id); show(current); };
  $("conflict-copy").onclick = () => {
    dialog.close();
    forget(mine.id);
    takeUp({ ...mine, id: newId(), version: null, editing: null });
    saveOrder();
  };
  dialog.showModal();
  $("conflict-copy").focus();
}

async function showUnsent() {
  const waiting = kept().filter((entry) => entry.send).length;
  $("unsent").hidden = waiting === 0;
  $("unsent").textContent = counted("unsent", waiting);
}

/** Show a stored draft, `{id, version, updatedAt, document}`, and say what has changed since. */
function show(draft) {
  const { customer, priceGroup, date, note, lines } = draft.document;
  order = { ...blank(), id: draft.id, version: draft.version ?? null, customer, date: date ?? today(), note: note ?? "",
    group: priceGroup ?? localStorage.getItem(GROUP), lines, editing: draft.updatedAt ?? draft.editing ?? null };
  $("note").value = order.note;
  say(order.editing ? t("editing", { time: ago(order.editing) }) : "", { tone: "soft" });
  changed({ store: !draft.updatedAt });
  setCurrent(order.id);
  verify(order);
}

/** A vanished customer or a changed price is said, and never changed by itself. */
async function verify(shown) {
  try {
    if (shown.customer) {
      const { status, answer } = await call(`/api/customers/${encodeURIComponent(shown.customer.id)}`);
      const vanished = status === 404 || (status === 200 && answer.row.deletedAt);
      if (vanished) shown.gone = t("customer.gone", { time: ago(answer.allAsOf) });
    }
    for (const [index, line] of shown.lines.entries()) {
      const { prices, asOf } = await articleOf(line.itemId);
      const now = priced(line, prices, asOf);
      if (now.unitPrice === null && line.unitPrice !== null) shown.checks.set(index, { gone: true });
      else if (now.unitPrice !== line.unitPrice || now.priceUnit !== line.priceUnit) {
        shown.checks.set(index, { old: line.unitPrice, now });
      }
    }
    if (order === shown) changed({ store: false });
  } catch (error) {
    if (order === shown) notice(t("error", { text: error.message }));
  }
}

// ---------------------------------------------------------------------------------------------- the session

/** How far the read has come, for the end of the line. */
function progressOf(progress) {
  if (progress?.pages) return ` · ${t("session.progress", { page: progress.page, pages: progress.pages })}`;
  const step = { login: "login", open: "open", filter: "open" }[progress?.step];
  return step ? ` · ${t(`session.step.${step}`)}` : "";
}

function showFreshness(f) {
  const box = $("freshness");
  const state = f.state !== "ended" ? f.state
    : f.reason === "operator" ? "operator" : f.reason === "timeout" ? "ended" : "lost";
  box.dataset.state = state;
  const ages = { new: ago(f.newAsOf), all: ago(f.allAsOf) };
  let text = t(`session.${state}`, ages);
  if (state === "opening" || state === "pending") text += progressOf(f.progress);
  if (state === "fresh" && f.added) text += ` · ${counted("session.added", f.added)}`;
  if ($("freshness-text").textContent !== text) $("freshness-text").textContent = text;
  box.title = text;
  const why = state === "failed" || state === "refused" ? [f.message, f.hint].filter(Boolean).join(" ") : "";
  if ($("why").textContent !== why) $("why").textContent = why;
  $("why").hidden = !why;
  $("resume").hidden = state !== "operator";
}

function startSession() {
  const { token, profileId } = key();
  const mine = session = openSession({ base, token, profileId, label: t("title.form") });
  mine.onChange((freshness) => { if (session === mine) showFreshness(freshness); });
  mine.onChange(({ state, code }) => {
    if (state !== "refused" || !code?.startsWith("token-")) return;
    dismiss(token); // revoked in the panel: the operator lets this tab in again, or not
    mine.close();
    enter().then(startSession);
  });
  session.onFresh(() => { if (customerBox.open) customerBox.refresh(); }); // new customers appear in the open list
  showFreshness(session.freshness);
  clearInterval(tick);
  tick = setInterval(() => showFreshness(session.freshness), 20_000);
}

// ---------------------------------------------------------------------------------------------- begin

function bind() {
  $("entry").addEventListener("submit", (event) => { event.preventDefault(); addLine(); });
  $("product").addEventListener("input", () => {
    product = null;
    $("quantity").value = "";
    $("quantity").disabled = true;
    showEntry();
  });
  $("quantity").addEventListener("input", showEntry);
  $("quantity").addEventListener("keydown", (event) => {
    if (!product || !["ArrowUp", "ArrowDown", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") { // another article instead
      clearEntry();
      changed({ store: false });
      $("product").focus();
      return;
    }
    const rule = rules(product.product);
    $("quantity").value = amount(stepped(parseQuantity($("quantity").value) ?? 0, event.key === "ArrowUp" ? 1 : -1, rule));
    showEntry();
  });
  $("note").addEventListener("input", () => { order.note = $("note").value; changed(); });
  $("date").addEventListener("change", () => { order.date = $("date").value || today(); reprice(); });
  $("group").addEventListener("change", () => {
    order.group = $("group").value;
    localStorage.setItem(GROUP, order.group);
    reprice();
  });
  $("save").addEventListener("click", saveOrder);
  $("clear").addEventListener("click", () => {
    const before = order;
    forget(order.id);
    next();
    say(t("cleared"), { tone: "soft", undo: () => takeUp(before) });
  });
  $("resume").addEventListener("click", () => session?.resume());
  $("done").addEventListener("click", () => session?.close());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey && !event.repeat) { event.preventDefault(); saveOrder(); }
    if (!event.altKey || event.ctrlKey || document.querySelector("dialog[open]")) return;
    const act = { KeyF: () => $("done").click(), KeyC: changeCustomer, KeyA: () => $("product").focus() }[event.code];
    if (act) { event.preventDefault(); act(); }
  });
  window.addEventListener("online", resend);
  setInterval(resend, RESEND_EVERY);
}

async function resend() {
  if (!kept().some((entry) => entry.send) || !key()) return;
  await sendWaiting();
  showUnsent();
}

async function begin() {
  translatePage();
  document.title = `${t("title.form")} · Archisync`;
  bind();
  changed({ store: false });
  const wanted = new URLSearchParams(location.hash.slice(1)).get("draft");
  await enter();
  startSession();
  if (wanted) {
    history.replaceState(null, "", location.pathname);
    const here = recall(wanted);
    const { status, answer } = here ? { status: 200, answer: { draft: here } } : await call(`/api/drafts/${wanted}`);
    if (status === 200) show(answer.draft);
    else notice(answer.error);
  } else if (currentId() && recall(currentId())) {
    show(recall(currentId()));
  }
  $(order.customer ? "product" : "customer").focus();
  showUnsent();
  resend();
}

begin().catch((error) => notice(t("error", { text: error.message })));
