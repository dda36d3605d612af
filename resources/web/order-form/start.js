/* How both pages start: their words, how they get at what this browser keeps, and what is kept under other ports. */
import { collect, serveHandover } from "./handover.js";
import { adopt } from "./keep.js";
import { onDoor } from "./network.js";
import { useKey } from "./storage.js";
import { setLanguage, t } from "./texts.js";

/** @typedef {import("./network.js").Keeping} Keeping */
/** @typedef {Keeping["addresses"]} Addresses */

const ASK_AGAIN = [3_000, 20_000]; // pauses, in milliseconds

/** @type {Addresses} */
let addresses = [];
/** @type {Promise<void> | null} */
let gathering = null;
let later = 0;

/** @param {string} title Its code in the texts. @param {(door: import("./network.js").Door) => void} showDoor */
export function begin(title, showDoor) {
  setLanguage();
  document.title = `${t(title)} · Archisync`;
  onDoor(showDoor);
}

/** Read and write what this browser keeps from now on; false: that was so already.
 * @param {() => Promise<Keeping>} ask */
export async function openKept(ask) {
  if (addresses.length) return false;
  const told = await ask();
  await useKey(told.key);
  ({ addresses } = told);
  return true;
}

/** Hand over what this address keeps when it is asked to, and take over what the panel's other addresses keep. Addresses
 * that do not answer are asked again later: on a busy computer an answer may be late.
 * @param {() => Promise<void>} taken Called when something was taken over. */
export function gather(taken) {
  clearTimeout(later);
  gathering ??= serveHandover(addresses).then(() => takeOver(addresses, taken, ASK_AGAIN)).finally(() => { gathering = null; });
  return gathering;
}

/** @param {Addresses} from @param {() => Promise<void>} taken @param {number[]} pauses @returns {Promise<void>} */
async function takeOver(from, taken, [pause, ...pauses]) {
  const { count, silent } = await collect(from, adopt);
  if (count) await taken();
  if (silent.length && pause) later = window.setTimeout(() => takeOver(silent, taken, pauses), pause);
}
