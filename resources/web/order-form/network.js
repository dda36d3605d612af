/*
 * Every call of these pages: how they get in (one-time code, this tab's token, one click in the panel), deadlines, and
 * what is wrong when no answer comes. Nothing here waits without a deadline but for the person at the door.
 *
 * Who answers must show each time that it is the panel, before it is told token or order: any program can take the panel's
 * port while the panel is closed, and say all that is public of it.
 */
// @ts-types="../archisync-client.d.mts"
import { request, whoAnswers } from "../archisync-client.mjs";
import { ofTab, setOfTab } from "./storage.js";
import { t } from "./texts.js";

export const base = location.origin;

/** Milliseconds that an answer may take. */
const DEADLINE = 8_000;
const HEALTH_WITHIN = 1_500;

/** @typedef {{ token: string, account: string, profileId: string }} Ticket */
/** @typedef {"panel.away" | "panel.other" | "panel.blocked" | "panel.moved"} Absence */
/** @typedef {{ account: string, key: string | null, addresses: { origin: string, proof: string | null }[] }} Keeping */
/** @typedef {{ text: string, again: boolean } | null} Door What keeps the person out; null: nothing. */

/** @type {Ticket | null} */
let ticket = readTicket();
/** @type {Promise<void> | null} */
let entering = null;
/** @type {(door: Door) => void} */
let showDoor = () => {};
let tryAgain = () => {};
/** The account for which this page reads and writes. */
let working = "";
/** The same, once it is known. */
export const account = () => working || ticket?.account || "";

function readTicket() {
  try { return JSON.parse(ofTab("token") ?? "null"); } catch { return null; }
}

/** Who is in, or null. */
export const key = () => ticket;

/** What the panel shares with all pages of this account, whatever tokens they have: the key for what the browser keeps. Null: the
 * panel has none; undefined: not known yet. @type {Uint8Array | null | undefined} */
let shared;

/** Who answers at an address. "Token unknown" is believed only from a program that proves the shared key: a stranger could
 * otherwise pair this tab with itself. @type {import("../archisync-client.d.mts").Check} */
export async function check(address, token, signal) {
  const found = await whoAnswers(address, token, signal);
  if (found.who !== "unknown" || shared === undefined) return found;
  const panel = shared ? await whoAnswers(address, shared, signal) : found;
  return panel.who === "panel" ? found : panel.who === "nobody" ? panel : { who: "other" };
}

const stranger = () => new PanelAway("panel.other", { address: location.host });

/** @param {(door: Door) => void} show Told what keeps the person out. */
export const onDoor = (show) => { showDoor = show; };
/** The person tries again at the door. */
export const again = () => tryAgain();

/** No answer; the message is a sentence for people. */
export class PanelAway extends Error {
  /** @param {Absence} why @param {Record<string, unknown>} [params] */
  constructor(why, params) {
    super(t(why, params));
    this.why = why;
  }
}

// ---------------------------------------------------------------------------------------------- getting in

/** Get in, waiting for the operator if it must be; everybody who asks meanwhile waits for the same. */
export function enter() {
  entering ??= walkIn().finally(() => { entering = null; });
  return entering;
}

async function walkIn() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    history.replaceState(null, "", location.pathname + location.search);
    const { status, answer } = await reach("/api/pair", { method: "POST", body: { code } });
    if (status === 200) keepTicket(answer);
  }
  const before = working;
  while (!ticket) await askOperator();
  if (before && ticket.account && ticket.account !== before) {
    location.reload(); // what is written here is another account's: it is kept, and this page begins anew
    await new Promise(() => {});
  }
  showDoor(null);
}

/** The panel's other addresses, once it has told them. @type {string[]} */
let others = [];
/** The panel's other addresses. */
export const otherAddresses = () => others;

/** What is needed to keep orders in this browser. @returns {Promise<Keeping>} */
export async function askKeeping() {
  const told = await read("/api/drafts/browser-key");
  if (ticket) keepTicket({ ...ticket, account: told.account }); // it may have begun before there was an account
  working = told.account;
  shared = told.key === null ? null : Uint8Array.from(atob(told.key), (one) => one.charCodeAt(0));
  others = told.addresses.map((/** @type {any} */ one) => one.origin).filter((/** @type {string} */ one) => one !== base);
  return told;
}

/** The same; waits, shown, until the panel tells it. @returns {Promise<Keeping>} */
export async function keeping() {
  for (;;) {
    try {
      const told = await askKeeping();
      showDoor(null);
      return told;
    } catch (error) {
      if (/** @type {any} */ (error).code === "account-not-known") {
        dismiss(); // the operator lets this tab in for another account, or not
        await enter();
      } else await closed(error instanceof Error ? error.message : String(error));
    }
  }
}

/** @param {any} answer */
function keepTicket(answer) {
  ticket = { token: answer.token, account: answer.account ?? "", profileId: answer.profileId };
  setOfTab("token", JSON.stringify(ticket));
}

async function askOperator() {
  // A question that was asked before a reload is gone on with: the operator sees one, not two.
  let pairingId = ofTab("pairing");
  if (!pairingId) {
    const first = await reach("/api/pair", { method: "POST", body: { name: t("title.form") } });
    if (first.status !== 202) { await closed(sentence(first)); return; }
    pairingId = first.answer.pairingId;
    setOfTab("pairing", pairingId);
    showDoor({ text: waitFor(first.answer.digits), again: false });
  }
  for (;;) {
    const next = await reach("/api/pair", { method: "POST", body: { pairingId } });
    if (next.status !== 202) setOfTab("pairing", null);
    if (next.status === 200) { keepTicket(next.answer); return; }
    if (next.status === 410) return; // expired: asked anew
    if (next.status !== 202) { await closed(sentence(next)); return; }
    showDoor({ text: waitFor(next.answer.digits), again: false });
    await pause(1_000);
  }
}

/** With digits the operator can tell this page from another that asks at the same time.
 * @param {string | null | undefined} digits */
const waitFor = (digits) => digits ? t("door.digits", { digits }) : t("door.wait");

/** A call without token that waits, shown, until the panel answers. @param {string} path @param {object} options */
async function reach(path, options) {
  for (;;) {
    const signal = AbortSignal.timeout(DEADLINE);
    try {
      const { who } = shared ? await whoAnswers(base, shared, signal) : { who: "unchecked" }; // a tab that was never in has nothing to compare
      if (who === "other" || who === "unknown") await closed(stranger().message);
      else return await request(base, path, { ...options, signal });
    } catch {
      await closed((await absence()).message);
    }
  }
}

/** @param {string} text */
function closed(text) {
  showDoor({ text, again: true });
  return new Promise((resolve) => { tryAgain = () => resolve(undefined); });
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What an answer says to people. @param {{ status: number, answer: any }} result */
export const sentence = ({ status, answer }) =>
  status === 429 && answer?.code === "too-many-failures" ? t("panel.tries")
    : [answer?.error, answer?.hint].filter(Boolean).join(" ") || t("panel.other");

// ---------------------------------------------------------------------------------------------- calls

/**
 * A call with this tab's token; gets a new token when it was revoked. Throws {@link PanelAway}, and an AbortError when
 * `signal` was aborted.
 * @param {string} path
 * @param {{ method?: string, body?: unknown, signal?: AbortSignal, headers?: Record<string, string>, within?: number, atDoor?: boolean }} [options]
 *   `atDoor`: false: while the operator has not let this page in, the answer is 401.
 * @returns {Promise<{ status: number, etag: string | null, answer: any }>}
 */
export async function call(path, { atDoor = true, ...options } = {}) {
  if (!ticket && !atDoor) return { status: 401, etag: null, answer: {} };
  if (!ticket) await enter();
  const used = /** @type {Ticket} */ (ticket).token;
  const result = await ask(path, options);
  if (result.status !== 401) return result;
  dismiss(used);
  const entered = enter();
  if (!atDoor) return result;
  await entered;
  return ask(path, options);
}

/** @param {string} path @param {{ signal?: AbortSignal, within?: number }} options */
async function ask(path, { signal, within = DEADLINE, ...options }) {
  const late = AbortSignal.timeout(within);
  try {
    return await request(base, path, { ...options, token: ticket?.token, check, signal: signal ? AbortSignal.any([signal, late]) : late });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw /** @type {any} */ (error).code === "other-program" ? stranger() : await absence();
  }
}

/** Whether the panel answers now. A program that cannot prove it is not sent the token.
 * @returns {Promise<PanelAway | null>} Why not. */
export async function doubt() {
  return wrongAt(await check(base, ticket?.token ?? "", AbortSignal.timeout(DEADLINE)));
}

/** The answer's body, or an error with its sentence and `status`. @param {string} path @param {AbortSignal} [signal] */
export async function read(path, signal) {
  const result = await call(path, { signal });
  if (result.status !== 200) throw Object.assign(new Error(sentence(result)), { status: result.status, code: result.answer?.code });
  return result.answer;
}

/** A file that the panel makes. @param {string} path @returns {Promise<Blob>} */
export async function file(path) {
  if (!ticket) await enter();
  const found = await check(base, String(ticket?.token), AbortSignal.timeout(DEADLINE));
  if (found.who === "unknown") throw new Error(sentence(found.result));
  const wrong = await wrongAt(found);
  if (wrong) throw wrong;
  const response = await fetch(base + path, { headers: { Authorization: `Bearer ${ticket?.token}` }, credentials: "omit",
    cache: "no-store", signal: AbortSignal.timeout(4 * DEADLINE) }).catch(async () => { throw await absence(); });
  if (!response.ok) throw new Error(sentence({ status: response.status, answer: await response.json().catch(() => ({})) }));
  return response.blob();
}

/** This tab's token is no longer good. @param {string} [token] */
export function dismiss(token = ticket?.token) {
  if (ticket?.token !== token) return; // another call has a new one already
  ticket = null;
  setOfTab("token", null);
}

// ---------------------------------------------------------------------------------------------- what is wrong

/** What is wrong with who answers at this page's address; null: it can be asked.
 * @param {import("../archisync-client.d.mts").Answerer} found @returns {Promise<PanelAway | null>} */
const wrongAt = async ({ who }) => who === "nobody" ? absence() : who === "other" ? stranger() : null;

/** Why there is no answer: not running, another program there, forbidden by the browser, or moved to another port.
 * @returns {Promise<PanelAway>} */
async function absence() {
  if (await forbidden()) return new PanelAway("panel.blocked");
  const here = await healthAt(base);
  if (here === "other") return stranger();
  const moved = here === null ? await panelElsewhere() : null;
  return moved ? new PanelAway("panel.moved", { address: moved }) : new PanelAway("panel.away");
}

/** Whether the browser forbids this page to reach programs on this computer. */
async function forbidden() {
  for (const name of ["local-network-access", "loopback-network"]) {
    try {
      const found = await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
      if (found.state === "denied") return true;
    } catch { /* this browser knows no such permission */ }
  }
  return false;
}

/** The profile that answers at an address, "other" for another program, null for nobody.
 * @param {string} address @returns {Promise<string | null>} */
async function healthAt(address) {
  try {
    const { status, answer } = await request(address, "/api/health", { signal: AbortSignal.timeout(HEALTH_WITHIN) });
    return status === 200 && answer?.profileId ? answer.profileId : "other";
  } catch (error) {
    return error instanceof SyntaxError ? "other" : null;
  }
}

/** Where this tab's panel answers now, or null. @returns {Promise<string | null>} */
export async function panelElsewhere() {
  const secret = shared ?? ticket?.token;
  if (!secret) return null;
  const found = await Promise.all(others.map(async (address) => {
    const answerer = await whoAnswers(address, secret, AbortSignal.timeout(HEALTH_WITHIN));
    return { address, profile: answerer.who === "panel" ? answerer.result.answer.profileId : null };
  }));
  const same = found.find(({ profile }) => profile !== null && profile === ticket?.profileId);
  return same?.address ?? null;
}
