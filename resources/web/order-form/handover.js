/*
 * Takes over the orders that are stored under other ports of the panel. When its port was taken, the panel listens on
 * another one, and a browser separates the storage of pages by port. This page loads a hidden frame from each other
 * port at which the panel has served the form; the service worker that the form registered there (handover-worker.js)
 * serves the frame, whatever program has that port now.
 *
 * The frame answers only a page that shows the proof that the panel made for that address; a page of another program
 * cannot have it. This page accepts only entries that are encrypted with the panel's key: on a port where the form was
 * never opened, any program can serve a frame and answer.
 */
import { hashOf, lockName } from "./handover-lock.js";
import { base } from "./network.js";
import { decryptReceived, put } from "./storage.js";

const FRAME = "/order-form/handover.html";
const FRAME_WITHIN = 10_000; // milliseconds, enough for a busy computer; the user does not wait for it
const READY_WITHIN = 1_000; // milliseconds after the frame has loaded; our own frame is ready before

/** @typedef {import("./keep.js").Kept} Kept */
/** @typedef {import("./network.js").BrowserKey["addresses"]} Addresses */

/** Prepare this address for a handover: register the worker, and store the hash of the proof.
 * @param {Addresses} addresses */
export async function prepareHandover(addresses) {
  const proof = addresses.find(({ origin }) => origin === base)?.proof;
  if (!proof) return;
  await put(lockName(await hashOf(proof)), { handover: true });
  navigator.serviceWorker?.register("/order-form/handover-worker.js", { scope: "/order-form/handover" }).catch(() => {});
}

/** Take over the entries stored under the panel's other addresses. An address deletes an entry only after `adopt` has
 * stored it here, so a page that is closed in between loses nothing: both addresses have the entry, and the next call
 * finds it.
 * @param {Addresses} addresses
 * @param {(entries: Kept[]) => Promise<Kept[]>} adopt Stores entries; returns those that are on the disk here.
 * @returns {Promise<{ count: number, silent: Addresses }>} The number of entries taken over, and the addresses from which no
 *   frame of ours has answered: the form was never opened there, or the computer was too busy. */
export async function collect(addresses, adopt) {
  const others = addresses.filter(({ origin, proof }) => proof && origin !== base);
  const counts = await Promise.all(others.map(({ origin, proof }) => collectFrom(origin, String(proof), adopt)));
  let count = 0;
  for (const found of counts) count += found ?? 0;
  return { count, silent: others.filter((_, at) => counts[at] === null) };
}

/** @param {string} address @param {string} proof @param {(entries: Kept[]) => Promise<Kept[]>} adopt
 * @returns {Promise<number | null>} The number of entries; null: no answer. */
function collectFrom(address, proof, adopt) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin"); // it may not navigate this page
    let count = 0, ready = false;
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("message", onMessage);
      frame.remove();
      resolve(ready ? count : null);
    };
    let timer = setTimeout(done, FRAME_WITHIN);
    frame.onload = () => {
      if (ready) return;
      clearTimeout(timer); // nothing listens there, or another program
      timer = setTimeout(done, READY_WITHIN);
    };
    /** @param {MessageEvent} event */
    const onMessage = async ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== address) return;
      if (data?.ready && !ready) {
        ready = true;
        clearTimeout(timer);
        timer = setTimeout(done, FRAME_WITHIN);
        frame.contentWindow?.postMessage({ proof, give: true }, address);
      }
      if (data?.dropped) done();
      if (!Array.isArray(data?.kept)) return;
      const taken = await adopt(await Promise.all(data.kept.map(decryptReceived)));
      count = taken.length;
      frame.contentWindow?.postMessage({ proof, taken: taken.map(({ key, at }) => ({ key, at })) }, address);
    };
    window.addEventListener("message", onMessage);
    frame.src = address + FRAME;
    document.body.append(frame);
  });
}
