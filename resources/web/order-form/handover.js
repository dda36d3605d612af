/*
 * Drafts of an earlier address of the panel. When its port was taken, the panel answers on another one, and a browser
 * keeps what a page stores apart for each port. This page asks the neighbouring ports through a hidden frame; the frame
 * is served by the service worker that the form has left there (handover-worker.js), whatever listens on that port now.
 */
import { neighbours } from "./network.js";

const FRAME = "/order-form/handover.html";
const FRAME_WITHIN = 2_500;

/** Leave the worker that hands over what is kept under this address. */
export function serveHandover() {
  navigator.serviceWorker?.register("/order-form/handover-worker.js", { scope: "/order-form/handover" }).catch(() => {});
}

/** What the neighbouring ports keep; each gives up what it has handed over.
 * @returns {Promise<import("./keep.js").Kept[]>} */
export async function collect() {
  return (await Promise.all(neighbours().map(collectFrom))).flat();
}

/** @param {string} address @returns {Promise<import("./keep.js").Kept[]>} */
function collectFrom(address) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin"); // it may not lead this page elsewhere
    /** @param {import("./keep.js").Kept[]} entries */
    const done = (entries) => {
      clearTimeout(late);
      window.removeEventListener("message", heard);
      frame.remove();
      resolve(entries);
    };
    // Nobody there, or another program: the frame says nothing.
    const late = setTimeout(() => done([]), FRAME_WITHIN);
    /** @param {MessageEvent} event */
    const heard = (event) => {
      if (event.source !== frame.contentWindow || event.origin !== address || !Array.isArray(event.data?.kept)) return;
      frame.contentWindow?.postMessage({ taken: event.data.kept.map((/** @type {any} */ one) => one.key) }, address);
      setTimeout(() => done(event.data.kept), 50);
    };
    window.addEventListener("message", heard);
    frame.onload = () => {
      frame.contentWindow?.postMessage({ give: true }, "*"); // names nothing; the frame looks at who asks
    };
    frame.src = address + FRAME;
    document.body.append(frame);
  });
}
