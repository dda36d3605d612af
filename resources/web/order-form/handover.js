/*
 * Orders kept under an earlier address of the panel. When its port was taken, the panel answers on another one, and a
 * browser keeps what a page stores apart for each port. This page asks its other ports through a hidden frame; the frame
 * is served by the service worker that the form has left there (handover-worker.js), whatever listens on that port now.
 *
 * The frame answers only to who shows the proof that the panel made for that address: a page of another program cannot
 * have it. What the frame gives is encrypted with the panel's key besides, and nothing else is taken from it: on a port
 * where the form was never opened, any program can serve a frame and answer.
 */
import { hashOf, lockName } from "./handover-lock.js";
import { base } from "./network.js";
import { put, unsealGiven } from "./storage.js";

const FRAME = "/order-form/handover.html";
const FRAME_WITHIN = 10_000; // as long as a loaded computer needs; nobody waits for it
const READY_WITHIN = 1_000; // after the frame has loaded; our own frame says so even before

/** @typedef {import("./keep.js").Kept} Kept */
/** @typedef {import("./network.js").Keeping["addresses"]} Addresses */

/** Make ready to hand over what is kept under this address: leave the worker, and what tells a good proof.
 * @param {Addresses} addresses */
export async function serveHandover(addresses) {
  const proof = addresses.find(({ origin }) => origin === base)?.proof;
  if (!proof) return;
  await put(lockName(await hashOf(proof)), { handover: true });
  navigator.serviceWorker?.register("/order-form/handover-worker.js", { scope: "/order-form/handover" }).catch(() => {});
}

/** Take over what the panel's other addresses keep. An address deletes an entry only after `adopt` has stored it here, so
 * a page that is closed in between loses nothing: both addresses have the entry, and the next collection finds it.
 * @param {Addresses} addresses
 * @param {(entries: Kept[]) => Promise<Kept[]>} adopt Stores entries; returns those that are on the disk here.
 * @returns {Promise<{ count: number, silent: Addresses }>} How many entries were taken over; the addresses from which no
 *   frame of ours has answered: the form was never opened there, or the computer was too busy. */
export async function collect(addresses, adopt) {
  const others = addresses.filter(({ origin, proof }) => proof && origin !== base);
  const counts = await Promise.all(others.map(({ origin, proof }) => collectFrom(origin, String(proof), adopt)));
  let count = 0;
  for (const one of counts) count += one ?? 0;
  return { count, silent: others.filter((_, at) => counts[at] === null) };
}

/** @param {string} address @param {string} proof @param {(entries: Kept[]) => Promise<Kept[]>} adopt @returns {Promise<number | null>} `null`: no answer. */
function collectFrom(address, proof, adopt) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin"); // it may not lead this page elsewhere
    let count = 0, ready = false;
    const done = () => {
      clearTimeout(late);
      window.removeEventListener("message", heard);
      frame.remove();
      resolve(ready ? count : null);
    };
    let late = setTimeout(done, FRAME_WITHIN);
    frame.onload = () => {
      if (ready) return;
      clearTimeout(late); // nobody is there, or another program
      late = setTimeout(done, READY_WITHIN);
    };
    /** @param {MessageEvent} event */
    const heard = async ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== address) return;
      if (data?.ready && !ready) {
        ready = true;
        clearTimeout(late);
        late = setTimeout(done, FRAME_WITHIN);
        frame.contentWindow?.postMessage({ proof, give: true }, address);
      }
      if (data?.dropped) done();
      if (!Array.isArray(data?.kept)) return;
      const taken = await adopt(await Promise.all(data.kept.map(unsealGiven)));
      count = taken.length;
      frame.contentWindow?.postMessage({ proof, taken: taken.map(({ key, at }) => ({ key, at })) }, address);
    };
    window.addEventListener("message", heard);
    frame.src = address + FRAME;
    document.body.append(frame);
  });
}
