/* In the hidden frame of the form under an earlier port: hands over what this address keeps, to who shows the proof. */
import { hashOf, lockName } from "./handover-lock.js";
import * as storage from "./storage.js";

window.addEventListener("message", async ({ source, origin, data }) => {
  if (source !== window.parent || typeof data?.proof !== "string") return;
  const kept = await storage.allRaw();
  if (!kept.has(lockName(await hashOf(data.proof)))) return;
  if (data.give) {
    // Plain text proves nothing to the form: the next page that has the key, at this address, encrypts it (storage.js).
    const values = [...kept].filter(([key, value]) => /^(copy|aside|send):/.test(key) && value?.sealed).map(([, value]) => value);
    window.parent.postMessage({ kept: values }, { targetOrigin: origin });
  } else if (Array.isArray(data.taken)) {
    for (const { key, at } of data.taken) await storage.drop(String(key), String(at));
    window.parent.postMessage({ dropped: true }, { targetOrigin: origin });
  }
});
window.parent.postMessage({ ready: true }, { targetOrigin: "*" }); // says no more than that the form was served here
