/*
 * Every HTTP call of these pages: how a tab gets its access token (one-time code, token of this tab, or a confirmation
 * by the operator in the panel), deadlines, and the reason when no answer comes. Every call has a deadline; only the
 * wait for the operator's confirmation has none.
 *
 * Any program can take the panel's port while the panel is closed, and repeat everything public about it. So before
 * each call with a token the panel must prove that it knows that token; only then is the token or an order sent.
 */
// @ts-types="../archisync-client.d.mts"
import { request, whoAnswers } from "../archisync-client.mjs";
import { readTabValue, writeTabValue } from "./storage.js";
import { t } from "./texts.js";

export const base = location.origin;

/** Milliseconds that an answer may take. */
const DEADLINE = 8_000;
const HEALTH_DEADLINE = 1_500;

/** @typedef {{ token: string, account: string, profileId: string }} Access The token of this tab, with its account and profile. */
/** @typedef {"panel.away" | "panel.other" | "panel.blocked" | "panel.moved"} UnreachableReason Also the code of its text. */
/** @typedef {{ account: string, key: string | null, addresses: { origin: string, proof: string | null }[] }} BrowserKey The
 * answer of `/api/drafts/browser-key`: the key is AES-256 as base64. */
/** @typedef {{ text: string, retry: boolean } | null} AccessPrompt Shown while the tab has no access; null: it has. */

/** @type {Access | null} */
let current = readAccess();
/** The request for access that is running. @type {Promise<void> | null} */
let accessRequest = null;
/** @type {(prompt: AccessPrompt) => void} */
let showPrompt = () => {};
let resolveRetry = () => {};
/** The account that this page reads and writes for; "" until the panel has named it. */
let pageAccount = "";
export const account = () => pageAccount || current?.account || "";

function readAccess() {
  try { return JSON.parse(readTabValue("token") ?? "null"); } catch { return null; }
}

/** The access of this tab, or null. */
export const access = () => current;

/** The key that the panel shares with all pages of this account, whatever their tokens. Null: the panel has none;
 * undefined: not known yet. @type {Uint8Array | null | undefined} */
let accountKey;

/** Who answers at an address. An answer "token unknown" counts only from a program that proves that it knows the
 * account's key: otherwise another program could pair this tab with itself.
 * @type {import("../archisync-client.d.mts").Check} */
export async function check(address, token, signal) {
  const found = await whoAnswers(address, token, signal);
  if (found.who !== "unknown" || accountKey === undefined) return found;
  const panel = accountKey ? await whoAnswers(address, accountKey, signal) : found;
  return panel.who === "panel" ? found : panel.who === "nobody" ? panel : { who: "other" };
}

const otherProgram = () => new PanelUnreachable("panel.other", { address: location.host });

/** @param {(prompt: AccessPrompt) => void} show Called when the prompt changes. */
export const onAccessPrompt = (show) => { showPrompt = show; };
/** Try again: the button of the prompt. */
export const retryAccess = () => resolveRetry();

/** There is no answer from the panel; the message is a sentence for the user. */
export class PanelUnreachable extends Error {
  /** @param {UnreachableReason} reason @param {Record<string, unknown>} [params] */
  constructor(reason, params) {
    super(t(reason, params));
    this.reason = reason;
  }
}

// ---------------------------------------------------------------------------------------------- access

/** Get a token, waiting for the operator if necessary; all callers wait for the same request. */
export function getAccess() {
  accessRequest ??= requestAccess().finally(() => { accessRequest = null; });
  return accessRequest;
}

async function requestAccess() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    history.replaceState(null, "", location.pathname + location.search);
    const { status, answer } = await callWithoutToken("/api/pair", { method: "POST", body: { code } });
    if (status === 200) setAccess(answer);
  }
  const before = pageAccount;
  while (!current) await pair();
  if (before && current.account && current.account !== before) {
    current = null; // the outbox of this page belongs to the account before: nothing is sent with the new token
    location.reload(); // the order on this page belongs to that account, too: it stays stored, and the page starts anew
    await new Promise(() => {});
  }
  showPrompt(null);
}

/** Other addresses of the panel, known after {@link fetchBrowserKey}. @type {string[]} */
let others = [];
export const otherAddresses = () => others;

/** Fetch the key for what is stored in this browser. @returns {Promise<BrowserKey>} */
export async function fetchBrowserKey() {
  const answer = await read("/api/drafts/browser-key");
  if (current) setAccess({ ...current, account: answer.account }); // the token may be older than the first account
  pageAccount = answer.account;
  accountKey = answer.key === null ? null : Uint8Array.from(atob(answer.key), (char) => char.charCodeAt(0));
  others = answer.addresses.map((/** @type {any} */ { origin }) => origin).filter((/** @type {string} */ origin) => origin !== base);
  return answer;
}

/** The same; on failure it shows the reason and waits until the user tries again. @returns {Promise<BrowserKey>} */
export async function waitForBrowserKey() {
  for (;;) {
    try {
      const answer = await fetchBrowserKey();
      showPrompt(null);
      return answer;
    } catch (error) {
      if (/** @type {any} */ (error).code === "account-not-known") {
        dropToken(); // the operator may give this tab access for another account
        await getAccess();
      } else await waitForRetry(error instanceof Error ? error.message : String(error));
    }
  }
}

/** @param {any} answer */
function setAccess(answer) {
  current = { token: answer.token, account: answer.account ?? "", profileId: answer.profileId };
  writeTabValue("token", JSON.stringify(current));
}

/** Ask the operator for access. Returns without it when the request expired or the user has to try again. */
async function pair() {
  // After a reload the earlier request is continued: the operator sees one, not two.
  let pairingId = readTabValue("pairing");
  if (!pairingId) {
    const first = await callWithoutToken("/api/pair", { method: "POST", body: { name: t("title.form") } });
    if (first.status !== 202) { await waitForRetry(errorText(first)); return; }
    pairingId = first.answer.pairingId;
    writeTabValue("pairing", pairingId);
    showPrompt({ text: confirmationText(first.answer.digits), retry: false });
  }
  for (;;) {
    const next = await callWithoutToken("/api/pair", { method: "POST", body: { pairingId } });
    if (next.status !== 202) writeTabValue("pairing", null);
    if (next.status === 200) { setAccess(next.answer); return; }
    if (next.status === 410) return; // expired: a new request follows
    if (next.status !== 202) { await waitForRetry(errorText(next)); return; }
    showPrompt({ text: confirmationText(next.answer.digits), retry: false });
    await pause(1_000);
  }
}

/** By the digits the operator can tell this page from another one that asks at the same time.
 * @param {string | null | undefined} digits */
const confirmationText = (digits) => digits ? t("access.digits", { digits }) : t("access.wait");

/** A call without a token. While the panel does not answer it shows the reason and waits until the user tries again.
 * @param {string} path @param {object} options */
async function callWithoutToken(path, options) {
  for (;;) {
    const signal = AbortSignal.timeout(DEADLINE);
    try {
      const { who } = accountKey ? await whoAnswers(base, accountKey, signal) : { who: "unchecked" }; // a new tab knows no secret to check by
      if (who === "other" || who === "unknown") await waitForRetry(otherProgram().message);
      else return await request(base, path, { ...options, signal });
    } catch {
      await waitForRetry((await whyUnreachable()).message);
    }
  }
}

/** Show a text with a button to try again; resolves at the click. @param {string} text */
function waitForRetry(text) {
  showPrompt({ text, retry: true });
  return new Promise((resolve) => { resolveRetry = () => resolve(undefined); });
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The text for the user in an error answer. @param {{ status: number, answer: any }} result */
export const errorText = ({ status, answer }) =>
  status === 429 && answer?.code === "too-many-failures" ? t("panel.tries")
    : [answer?.error, answer?.hint].filter(Boolean).join(" ") || t("panel.other");

// ---------------------------------------------------------------------------------------------- calls

/**
 * A call with this tab's token; when the token was revoked, the tab asks for a new one. Throws {@link
 * PanelUnreachable}, and an AbortError when `signal` was aborted.
 * @param {string} path
 * @param {{ method?: string, body?: unknown, signal?: AbortSignal, headers?: Record<string, string>, within?: number, waitForAccess?: boolean }} [options]
 *   `within`: milliseconds. `waitForAccess`: false: without a valid token it does not wait for the operator but returns 401.
 * @returns {Promise<{ status: number, etag: string | null, answer: any }>}
 */
export async function call(path, { waitForAccess = true, ...options } = {}) {
  if (!current && !waitForAccess) return { status: 401, etag: null, answer: {} };
  if (!current) await getAccess();
  const used = /** @type {Access} */ (current).token;
  const result = await callWithToken(path, options);
  if (result.status !== 401) return result;
  dropToken(used);
  const newAccess = getAccess();
  if (!waitForAccess) return result;
  await newAccess;
  return callWithToken(path, options);
}

/** @param {string} path @param {{ signal?: AbortSignal, within?: number }} options */
async function callWithToken(path, { signal, within = DEADLINE, ...options }) {
  const timeout = AbortSignal.timeout(within);
  try {
    return await request(base, path, { ...options, token: current?.token, check, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw /** @type {any} */ (error).code === "other-program" ? otherProgram() : await whyUnreachable();
  }
}

/** Check that the panel answers at this page's address, without sending the token.
 * @returns {Promise<PanelUnreachable | null>} The reason when it does not. */
export async function verifyPanel() {
  return problemOf(await check(base, current?.token ?? "", AbortSignal.timeout(DEADLINE)));
}

/** The body of a GET; another status than 200 throws an error with the text for the user, `status` and `code`.
 * @param {string} path @param {AbortSignal} [signal] */
export async function read(path, signal) {
  const result = await call(path, { signal });
  if (result.status !== 200) throw Object.assign(new Error(errorText(result)), { status: result.status, code: result.answer?.code });
  return result.answer;
}

/** A file that the panel makes. @param {string} path @returns {Promise<Blob>} */
export async function fetchFile(path) {
  if (!current) await getAccess();
  const found = await check(base, String(current?.token), AbortSignal.timeout(DEADLINE));
  if (found.who === "unknown") throw new Error(errorText(found.result));
  const problem = await problemOf(found);
  if (problem) throw problem;
  const response = await fetch(base + path, { headers: { Authorization: `Bearer ${current?.token}` }, credentials: "omit",
    cache: "no-store", signal: AbortSignal.timeout(4 * DEADLINE) }).catch(async () => { throw await whyUnreachable(); });
  if (!response.ok) throw new Error(errorText({ status: response.status, answer: await response.json().catch(() => ({})) }));
  return response.blob();
}

/** Delete this tab's token: it is no longer valid. @param {string} [token] */
export function dropToken(token = current?.token) {
  if (current?.token !== token) return; // another call has got a new one meanwhile
  current = null;
  writeTabValue("token", null);
}

// ---------------------------------------------------------------------------------------------- unreachable

/** Why the panel cannot be called at this page's address; null: it can.
 * @param {import("../archisync-client.d.mts").Answerer} found @returns {Promise<PanelUnreachable | null>} */
const problemOf = async ({ who }) => who === "nobody" ? whyUnreachable() : who === "other" ? otherProgram() : null;

/** Why there is no answer: the panel is not running, another program has its port, the browser forbids the call, or the
 * panel has moved to another port. @returns {Promise<PanelUnreachable>} */
async function whyUnreachable() {
  if (await browserForbids()) return new PanelUnreachable("panel.blocked");
  const here = await profileAt(base);
  if (here === "other") return otherProgram();
  const moved = here === null ? await movedTo() : null;
  return moved ? new PanelUnreachable("panel.moved", { address: moved }) : new PanelUnreachable("panel.away");
}

/** Whether the browser forbids this page to call programs on this computer. */
async function browserForbids() {
  for (const name of ["local-network-access", "loopback-network"]) {
    try {
      const found = await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
      if (found.state === "denied") return true;
    } catch { /* this browser knows no such permission */ }
  }
  return false;
}

/** The id of the profile whose panel answers at an address, "other" for another program, null when nothing answers.
 * @param {string} address @returns {Promise<string | null>} */
async function profileAt(address) {
  try {
    const { status, answer } = await request(address, "/api/health", { signal: AbortSignal.timeout(HEALTH_DEADLINE) });
    return status === 200 && answer?.profileId ? answer.profileId : "other";
  } catch (error) {
    return error instanceof SyntaxError ? "other" : null;
  }
}

/** The other address at which this tab's panel answers now, or null. @returns {Promise<string | null>} */
async function movedTo() {
  const secret = accountKey ?? current?.token;
  if (!secret) return null;
  const found = await Promise.all(others.map(async (address) => {
    const answerer = await whoAnswers(address, secret, AbortSignal.timeout(HEALTH_DEADLINE));
    return { address, profile: answerer.who === "panel" ? answerer.result.answer.profileId : null };
  }));
  const same = found.find(({ profile }) => profile !== null && profile === current?.profileId);
  return same?.address ?? null;
}
