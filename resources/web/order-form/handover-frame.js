/* In the hidden frame of an earlier port's address: gives the entries stored there to a page that shows the proof. */
import { hashOf, lockName } from "./handover-lock.js";
import * as storage from "./storage.js";

window.addEventListener("message", async ({ source, origin, data }) => {
  if (source !== window.parent || typeof data?.proof !== "string") return;
  const stored = await storage.allRaw();
  if (!stored.has(lockName(await hashOf(data.proof)))) return;
  if (data.give) {
    // The form accepts encrypted entries only. A plain one is encrypted by the next page with the key at this address (storage.js).
    const values = [...stored].filter(([key, value]) => /^(copy|aside|send):/.test(key) && value?.sealed).map(([, value]) => value);
    window.parent.postMessage({ kept: values }, { targetOrigin: origin });
  } else if (Array.isArray(data.taken)) {
    for (const { key, at } of data.taken) await storage.drop(String(key), String(at));
    window.parent.postMessage({ dropped: true }, { targetOrigin: origin });
  }
});
window.parent.postMessage({ ready: true }, { targetOrigin: "*" }); // reveals only that the form was opened at this address
