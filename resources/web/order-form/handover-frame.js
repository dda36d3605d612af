/* In the hidden frame of the form at another port: hands over what this address keeps, to our neighbouring ports only. */
import * as storage from "./storage.js";

const PORTS = 10;

/** @param {string} origin */
const neighbour = (origin) => {
  const match = /^http:\/\/127\.0\.0\.1:(\d{1,5})$/.exec(origin);
  return match !== null && Math.abs(Number(match[1]) - Number(location.port)) < PORTS;
};

window.addEventListener("message", async (event) => {
  if (event.source !== window.parent || !neighbour(event.origin)) return;
  if (event.data?.give) {
    const kept = [...(await storage.all()).values()].filter((one) => one?.kind);
    window.parent.postMessage({ kept }, { targetOrigin: event.origin });
  } else if (Array.isArray(event.data?.taken)) {
    for (const { key, at } of event.data.taken) {
      const now = await storage.get(String(key));
      if (now?.at === at) await storage.put(String(key), null); // else it was written again meanwhile
    }
    window.parent.postMessage({ dropped: true }, { targetOrigin: event.origin });
  }
});
