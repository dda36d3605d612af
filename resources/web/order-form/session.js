/* The form's smart session with the panel, like that of any other page, and the text that says how fresh the customers
 * are. */
// @ts-types="../archisync-client.d.mts"
import { openSession } from "../archisync-client.mjs";
import { access, base, check, dropToken, getAccess, otherAddresses } from "./network.js";
import { update } from "./store.js";
import { ago, counted, t } from "./texts.js";

const REDRAW_AGES = 20_000; // milliseconds

/** @type {import("../archisync-client.d.mts").Session | null} */
let session = null;
let redrawTimer = 0;

/** Open a session. @param {() => void} onFresh Called when new customers are there. */
export function startSession(onFresh) {
  const { token, profileId } = /** @type {import("./network.js").Access} */ (access());
  const opened = session = openSession({ base, token, profileId, others: otherAddresses(), check, label: t("title.form") });
  opened.onChange((freshness) => { if (session === opened) update({ freshness }); });
  opened.onChange(({ state, code }) => {
    if (state !== "refused" || !code?.startsWith("token-")) return;
    dropToken(token); // revoked in the panel; the operator may give this tab access again
    opened.close();
    getAccess().then(() => startSession(onFresh));
  });
  opened.onFresh(onFresh);
  update({ freshness: opened.freshness });
  clearInterval(redrawTimer);
  redrawTimer = setInterval(() => update({}), REDRAW_AGES);
}

/** Ask for fresh customers for the next order, in the same session. */
export const refreshSession = () => { session?.ask(); };
export const resume = () => session?.resume();
export const closeSession = () => session?.close();

/** The text about the session. @param {any} f @returns {{ state: string, text: string, why: string }} */
export function freshnessText(f) {
  const state = f.state !== "ended" ? f.state
    : f.reason === "operator" ? "operator" : f.reason === "timeout" ? "ended" : "lost";
  let text = t(`session.${state}`, { new: ago(f.newAsOf), all: ago(f.allAsOf) });
  if (state === "opening" || state === "pending") text += progressText(f.progress);
  if (state === "fresh" && f.added) text += ` · ${counted("session.added", f.added)}`;
  const why = state === "failed" || state === "refused" ? [f.message, f.hint].filter(Boolean).join(" ") : "";
  return { state, text, why };
}

/** The progress of the read, to be appended; "" when it is not known. @param {any} progress */
function progressText(progress) {
  if (progress?.pages) return ` · ${t("session.progress", { page: progress.page, pages: progress.pages })}`;
  const step = progress && /** @type {Record<string, string>} */ ({ login: "login", open: "open", filter: "open" })[progress.step];
  return step ? ` · ${t(`session.step.${step}`)}` : "";
}
