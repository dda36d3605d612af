/* Drafts on their way: what is being written, kept in this browser until the panel has it on its disk. */
import { call, key } from "./door.js";

const PREFIX = "archisync-draft:";
const CURRENT = "archisync-current";

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

/** Id of the draft this tab writes (it survives a reload, not the tab), or null. */
export const currentId = () => sessionStorage.getItem(CURRENT);
export function setCurrent(id) {
  if (id) sessionStorage.setItem(CURRENT, id);
  else sessionStorage.removeItem(CURRENT);
}

/** Remember `{id, version, document, send}` here; `send`: the person has saved it, the panel has not confirmed. */
export function remember(draft) {
  const entry = { ...draft, account: key()?.account ?? "", at: new Date().toISOString() };
  localStorage.setItem(PREFIX + draft.id, JSON.stringify(entry));
}

export function recall(id) {
  try { return JSON.parse(localStorage.getItem(PREFIX + id)); } catch { return null; }
}

export const forget = (id) => localStorage.removeItem(PREFIX + id);

/** All drafts of this account that the panel does not have as they are here. */
export function kept() {
  return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))
    .map((name) => recall(name.slice(PREFIX.length)))
    .filter((entry) => entry && entry.account === (key()?.account ?? ""))
    .sort((a, b) => b.at.localeCompare(a.at));
}

/**
 * Save a draft in the panel: `{saved, total}`, `{conflict}` (with what is stored, or null), `{refused}` (a sentence),
 * or `{here: true}` when the panel cannot be reached. It stays in this browser until it is acknowledged.
 */
export async function save(draft) {
  remember({ ...draft, send: true });
  let result;
  try {
    const headers = draft.version ? { "If-Match": `"${draft.version}"` } : {};
    result = await call(`/api/drafts/${draft.id}`, { method: "PUT", body: draft.document, headers });
  } catch {
    return { here: true };
  }
  const { status, answer } = result;
  if (status === 200 || status === 201) {
    forget(draft.id);
    return { saved: answer.draft, total: answer.total };
  }
  if (status === 412) return { conflict: answer.current };
  if (status >= 500 || status === 429) return { here: true };
  return { refused: answer.error };
}

/** Try again what could not be saved; returns how many still wait. A conflict stays, for the person to decide. */
export async function sendWaiting() {
  for (const entry of kept().filter((one) => one.send)) {
    const result = await save(entry);
    if (result.here) break;
  }
  return kept().filter((one) => one.send).length;
}
