/* Service worker: serves the handover frame of this address from its cache after the panel has moved to another port. */
const OURS = "archisync-handover-", CACHE = `${OURS}9`;
const FILES = ["/order-form/handover.html", "/order-form/handover-frame.js", "/order-form/handover-lock.js",
  "/order-form/storage.js"];
const HEADERS = { "Content-Security-Policy": "default-src 'none'; script-src 'self'; frame-ancestors http://127.0.0.1:*",
  "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" };

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(caches.keys().then((names) =>
    Promise.all(names.filter((name) => name.startsWith(OURS) && name !== CACHE).map((name) => caches.delete(name)))));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { pathname } = new URL(event.request.url);
  if (FILES.includes(pathname)) event.respondWith(cached(pathname));
});

/** A cached file. The headers of the panel forbid all frames; these allow them in pages of this computer.
 * @param {string} path */
async function cached(path) {
  const found = await caches.match(path, { cacheName: CACHE });
  if (!found) return Response.error();
  const type = found.headers.get("Content-Type") ?? "text/plain";
  return new Response(await found.blob(), { headers: { ...HEADERS, "Content-Type": type } });
}
