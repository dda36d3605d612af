/*
 * Drafts of an earlier address of the panel. When its port was taken, the panel answers on another one, and a browser
 * keeps what a page stores apart for each port. This page asks the neighbouring ports through a hidden frame; the frame
 * is served by the service worker that the form has left there (handover-worker.js), whatever listens on that port now.
 */
import { neighbours } from "./network.js";

const FRAME = "/order-form/handover.html";
const FRAME_WITHIN = 10_000; // as long as a loaded computer needs; nobody waits for it

/** @typedef {import("./keep.js").Kept} Kept */

/** Leave the worker that hands over what is kept under this address. */
export function serveHandover() {
  navigator.serviceWorker?.register("/order-form/handover-worker.js", { scope: "/order-form/handover" }).catch(() => {});
}

/** Take over what the neighbouring ports keep. An address deletes an entry only after `adopt` has stored it here, so a
 * page that is closed in between loses nothing: both addresses have the entry, and the next collection finds it.
 * @param {(entries: Kept[]) => Promise<Kept[]>} adopt Stores entries; returns those that are on the disk here.
 * @returns {Promise<number>} How many entries were taken over. */
export async function collect(adopt) {
  const counts = await Promise.all(neighbours().map((address) => collectFrom(address, adopt)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** @param {string} address @param {(entries: Kept[]) => Promise<Kept[]>} adopt @returns {Promise<number>} */
function collectFrom(address, adopt) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin"); // it may not lead this page elsewhere
    let count = 0;
    const done = () => {
      clearTimeout(late);
      window.removeEventListener("message", heard);
      frame.remove();
      resolve(count);
    };
    // Nobody there, or another program: the frame says nothing.
    const late = setTimeout(done, FRAME_WITHIN);
    /** @param {MessageEvent} event */
    const heard = async ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== address) return;
      if (data?.dropped) { done(); return; }
      if (!Array.isArray(data?.kept)) return;
      const taken = await adopt(data.kept);
      count = taken.length;
      frame.contentWindow?.postMessage({ taken: taken.map(({ key, at }) => ({ key, at })) }, address);
    };
    window.addEventListener("message", heard);
    frame.onload = () => {
      frame.contentWindow?.postMessage({ give: true }, "*"); // names nothing; the frame looks at who asks
    };
    frame.src = address + FRAME;
    document.body.append(frame);
  });
}
