/* How these pages get in: one-time code from the panel, this tab's token, or one click in the panel; and every call. */
import { request } from "../archisync-client.mjs";
import { t } from "./texts.js";

const TOKEN = "archisync-token";
export const base = location.origin;

let ticket = JSON.parse(sessionStorage.getItem(TOKEN) ?? "null");
let entering = null;

/** `{token, account, profileId}` of this tab. */
export const key = () => ticket;

function keep(answer) {
  ticket = { token: answer.token, account: answer.account ?? "", profileId: answer.profileId };
  sessionStorage.setItem(TOKEN, JSON.stringify(ticket));
}

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
    if (status === 200) keep(answer);
  }
  while (!ticket) await askOperator();
  show(null);
}

async function askOperator() {
  const first = await reach("/api/pair", { method: "POST", body: { name: t("title.form") } });
  if (first.status !== 202) {
    await show(first.answer.error, true);
    return;
  }
  show(t("door.wait"));
  const { pairingId } = first.answer;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { status, answer } = await reach("/api/pair", { method: "POST", body: { pairingId } });
    if (status === 200) { keep(answer); return; }
    if (status !== 202) { await show(answer.error, true); return; }
  }
}

/** A call without token that waits, shown, until the panel answers. */
async function reach(path, options) {
  for (;;) {
    try {
      return await request(base, path, options);
    } catch {
      await show(t("door.no"), true);
    }
  }
}

/** Show the door with a sentence; `again`: resolves when the person tries again. Without a sentence: open. */
function show(text, again = false) {
  const door = document.getElementById("door");
  const button = document.getElementById("door-again");
  if (text === null) { door.close(); return undefined; }
  document.getElementById("door-text").textContent = text;
  button.hidden = !again;
  door.oncancel = (event) => event.preventDefault();
  if (!door.open) door.showModal();
  if (!again) return undefined;
  button.focus();
  return new Promise((resolve) => { button.onclick = resolve; });
}

/** The panel cannot be reached; its message is a sentence for people. */
export class PanelAway extends Error {}

async function ask(path, options) {
  try {
    return await request(base, path, { ...options, token: ticket.token });
  } catch (error) {
    throw error.name === "AbortError" ? error : new PanelAway(t("panel.away"));
  }
}

/** A call with this tab's token. Gets a new token when it was revoked. Throws {@link PanelAway}. */
export async function call(path, options = {}) {
  if (!ticket) await enter();
  const used = ticket.token;
  const result = await ask(path, options);
  if (result.status !== 401) return result;
  dismiss(used);
  await enter();
  return ask(path, options);
}

/** This tab's token is no longer good. */
export function dismiss(token = ticket?.token) {
  if (ticket?.token !== token) return; // another call has a new one already
  ticket = null;
  sessionStorage.removeItem(TOKEN);
}
