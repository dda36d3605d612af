/* The form's smart session with the panel, like any outside page's, and the line that says how fresh customers are. */
// @ts-types="../archisync-client.d.mts"
import { openSession } from "../archisync-client.mjs";
import { base, check, dismiss, enter, key, otherAddresses } from "./network.js";
import { update } from "./store.js";
import { ago, counted, t } from "./texts.js";

const AGE_EVERY = 20_000;

/** @type {import("../archisync-client.d.mts").Session | null} */
let session = null;
let tick = 0;

/** Open a session; `fresh` is told when new customers are there. @param {() => void} fresh */
export function startSession(fresh) {
  const { token, profileId } = /** @type {import("./network.js").Ticket} */ (key());
  const mine = session = openSession({ base, token, profileId, others: otherAddresses(), check, label: t("title.form") });
  mine.onChange((freshness) => { if (session === mine) update({ freshness }); });
  mine.onChange(({ state, code }) => {
    if (state !== "refused" || !code?.startsWith("token-")) return;
    dismiss(token); // revoked in the panel: the operator lets this tab in again, or not
    mine.close();
    enter().then(() => startSession(fresh));
  });
  mine.onFresh(fresh);
  update({ freshness: mine.freshness });
  clearInterval(tick);
  tick = setInterval(() => update({}), AGE_EVERY);
}

/** Fresh customers for the next order, in the same session. */
export const askAgain = () => { session?.ask(); };
export const resume = () => session?.resume();
export const closeSession = () => session?.close();

/** What the line says. @param {any} f @returns {{ state: string, text: string, why: string }} */
export function freshnessWords(f) {
  const state = f.state !== "ended" ? f.state
    : f.reason === "operator" ? "operator" : f.reason === "timeout" ? "ended" : "lost";
  let text = t(`session.${state}`, { new: ago(f.newAsOf), all: ago(f.allAsOf) });
  if (state === "opening" || state === "pending") text += progressOf(f.progress);
  if (state === "fresh" && f.added) text += ` · ${counted("session.added", f.added)}`;
  const why = state === "failed" || state === "refused" ? [f.message, f.hint].filter(Boolean).join(" ") : "";
  return { state, text, why };
}

/** How far the read has come, for the end of the line. @param {any} progress */
function progressOf(progress) {
  if (progress?.pages) return ` · ${t("session.progress", { page: progress.page, pages: progress.pages })}`;
  const step = progress && /** @type {Record<string, string>} */ ({ login: "login", open: "open", filter: "open" })[progress.step];
  return step ? ` · ${t(`session.step.${step}`)}` : "";
}
