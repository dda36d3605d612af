/* The start that both pages share: language and title, the key of the browser's storage, orders stored under other
 * ports. */
import { collect, prepareHandover } from "./handover.js";
import { adopt } from "./keep.js";
import { onAccessPrompt } from "./network.js";
import { useKey } from "./storage.js";
import { setLanguage, t } from "./texts.js";

/** @typedef {import("./network.js").BrowserKey} BrowserKey */
/** @typedef {BrowserKey["addresses"]} Addresses */

const RETRY_AFTER = [3_000, 20_000]; // milliseconds

/** @type {Addresses} */
let addresses = [];
/** @type {Promise<void> | null} */
let collecting = null;
let retryTimer = 0;

/** @param {string} title Its code in the texts. @param {(prompt: import("./network.js").AccessPrompt) => void} showPrompt */
export function begin(title, showPrompt) {
  setLanguage();
  document.title = `${t(title)} · Archisync`;
  onAccessPrompt(showPrompt);
}

/** Get the key of the browser's storage; from then on it can be read and written. False: the page has it already.
 * @param {() => Promise<BrowserKey>} getKey */
export async function openStorage(getKey) {
  if (addresses.length) return false;
  const answer = await getKey();
  await useKey(answer.key, answer.account);
  ({ addresses } = answer);
  return true;
}

/** Prepare this address for a handover, and take over what is stored under the panel's other addresses. Those that do
 * not answer are asked again later: on a busy computer an answer may come too late.
 * @param {() => Promise<void>} onTaken Called when something was taken over. */
export function collectFromOtherPorts(onTaken) {
  clearTimeout(retryTimer);
  collecting ??= prepareHandover(addresses).then(() => takeOver(addresses, onTaken, RETRY_AFTER)).finally(() => { collecting = null; });
  return collecting;
}

/** @param {Addresses} from @param {() => Promise<void>} onTaken @param {number[]} pauses @returns {Promise<void>} */
async function takeOver(from, onTaken, [pause, ...pauses]) {
  const { count, silent } = await collect(from, adopt);
  if (count) await onTaken();
  if (silent.length && pause) retryTimer = window.setTimeout(() => takeOver(silent, onTaken, pauses), pause);
}
