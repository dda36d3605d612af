/*
 * Archisync client: one smart session of one browser tab with the Archisync panel on this computer. No dependencies.
 *
 * Plain script: defines `Archisync`. As an ES module import archisync-client.mjs (types: archisync-client.d.mts).
 * It never makes a form wait or fail: without a panel the answer is `stored` (work with stored data).
 */
(function () {
  "use strict";

  // All times in milliseconds. The line is the session's WebSocket.
  const TOUCH_EVERY = 60_000; // at most one keep-alive a minute, and only when the user is active in this tab
  const ASK_AFTER_AWAY = 300_000; // the user is back in the tab after that time: ask for fresh customers again
  const OPEN_TIMEOUT = 15_000; // the panel answers within ten seconds, however slow the ERP is
  const CALL_TIMEOUT = 15_000; // of a call without a `signal`
  const CHECK_TIMEOUT = 5_000; // of the check at the given address
  const HEALTH_TIMEOUT = 2_000;
  const RETRY_PAUSE = 5_000; // between two attempts to reach a panel that does not answer
  const PORTS = 10; // the panel takes the first free one of so many
  const LINE_RETRY = 60_000; // where lines are always cut; meanwhile calls keep the session open
  const TOUCH_WITHOUT_LINE = 5_000; // a keep-alive call when a line broke and is not open again by then
  const RECONNECT = [250, 500, 1_000, 2_000, 4_000, 8_000]; // the panel keeps a session without line open for 20 s
  const ACTIVITY = ["input", "keydown", "pointerdown"];

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
  }

  function dateOf(text) {
    return text ? new Date(text) : null;
  }

  /** Listeners of one kind: a function that calls them all; an error of one does not stop the others. */
  function listeners() {
    const all = new Set();
    const notify = (value) => {
      for (const listener of [...all]) {
        try {
          listener(value);
        } catch (error) {
          setTimeout(() => { throw error; });
        }
      }
    };
    notify.add = (listener) => {
      all.add(listener);
      return () => all.delete(listener);
    };
    return notify;
  }

  /** The base address, with 127.0.0.1 instead of `localhost`: under that name a browser may reach a program that
   * another user runs at ::1, where the panel does not listen. */
  const root = (base) => String(base).replace(/\/+$/, "").replace(/^(https?:\/\/)localhost(?=:|$)/i, "$1127.0.0.1");

  async function send(base, path, { token, method = "GET", body, signal, headers = {} }) {
    const sent = { ...headers };
    if (token) sent.Authorization = `Bearer ${token}`;
    if (body !== undefined) sent["Content-Type"] = "application/json";
    const response = await fetch(base + path, {
      method, headers: sent, signal, body: body === undefined ? undefined : JSON.stringify(body),
      // There are no cookies. Browsers pool connections with and without credentials separately. So, from the panel's own
      // pages, a kept connection to a stranger is never reused for a token.
      credentials: token ? "omit" : "same-origin", cache: "no-store", referrerPolicy: "no-referrer",
    });
    const text = await response.text();
    return { status: response.status, etag: response.headers.get("ETag"), answer: text ? JSON.parse(text) : {} };
  }

  /** A call; a token is sent only to the panel that proves that it knows it. */
  async function request(base, path, { token, signal = AbortSignal.timeout(CALL_TIMEOUT), check = whoAnswers, ...options } = {}) {
    const address = root(base);
    if (token) {
      const { who, result, error } = await check(address, token, signal);
      if (who === "unknown") return result;
      if (who === "nobody") throw error;
      if (who === "other") throw Object.assign(new Error(`${address}: this is not the panel that gave the token`), { code: "other-program" });
    }
    return send(address, path, { ...options, token, signal });
  }

  const utf8 = (text) => new TextEncoder().encode(text);
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

  /**
   * Check who answers at an address. `who`: "panel" has proved that it knows the token (or, given as bytes, another
   * key); "unknown" says that it does not; both with their answer as `result`. "other": another program. "nobody": no
   * answer, with the `error`. "unchecked": a page under plain http cannot check.
   */
  async function whoAnswers(base, secret, signal) {
    const address = root(base), { subtle } = crypto;
    if (!subtle) return { who: "unchecked" };
    try {
      const bytes = typeof secret === "string" ? await subtle.digest("SHA-256", utf8(secret)) : secret;
      const key = await subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      const mac = async (text) => hex(await subtle.sign("HMAC", key, utf8(text)));
      const nonce = newId(), { origin } = new URL(address);
      const [name, wanted] = await Promise.all([mac("archisync name"), mac(`archisync proof ${origin} ${nonce}`)]);
      const result = await send(address, `/api/health?name=${name}&nonce=${nonce}`, { signal });
      if (result.answer?.proof === wanted) return { who: "panel", result };
      if (result.status >= 500) return { who: "nobody", error: new Error(`${address}: ${result.status}`) };
      return result.status === 401 ? { who: "unknown", result } : { who: "other" };
    } catch (error) {
      return error instanceof SyntaxError ? { who: "other" } : { who: "nobody", error };
    }
  }

  const wait = (ms, signal) => new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });

  /** The id of the profile whose panel answers at an address; "" for another program, null when nothing answers. */
  async function profileAt(base) {
    try {
      const { answer } = await request(base, "/api/health", { signal: AbortSignal.timeout(HEALTH_TIMEOUT) });
      return answer?.profileId ?? "";
    } catch (error) {
      return error instanceof SyntaxError ? "" : null;
    }
  }

  /** The other addresses at which the same panel may listen. */
  function neighbours(base) {
    const { protocol, hostname, port } = new URL(base);
    const from = Number(port) - PORTS + 1;
    return Array.from({ length: 2 * PORTS - 1 }, (_, at) => from + at)
      .filter((other) => other > 0 && other < 65_536 && other !== Number(port)).map((other) => `${protocol}//${hostname}:${other}`);
  }

  /** Whether the browser forbids the page to call programs on this computer. */
  async function browserForbids() {
    for (const name of ["local-network-access", "loopback-network"]) {
      try {
        if ((await navigator.permissions.query({ name })).state === "denied") return true;
      } catch { /* this browser knows no such permission */ }
    }
    return false;
  }

  /** The code for an error of a call. */
  const codeOf = (error) => error?.code === "other-program" ? error.code : "panel-away";

  class Session {
    #options; #fresh = listeners(); #ended = listeners(); #change = listeners();
    #id = null; #opening = null; #line = null; #tries = 0; #timers = new Set();
    #unclosed = new Set(); #lastTouch = 0; #lastTry = -Infinity; #ageBefore = null; #readEnded = false; #awaySince = null; #closed = false; #suspended = false; #unbind = [];

    constructor({ base, token, label = "", userId, profileId, others, check = whoAnswers } = {}) {
      this.#options = { base: root(base), token, label, userId, profileId, others, check };
      /** The present state, with the ages of the customers. */
      this.freshness = { state: "opening", code: "", newAsOf: null, allAsOf: null, added: 0, changed: 0, durationMs: null,
        message: "", hint: "", handle: "", progress: null };
      this.ready = new Promise((resolve) => { this.#settle = resolve; });
      this.#bind();
      // On the next turn: React's StrictMode mounts, unmounts and mounts in one; the first one then sends nothing.
      this.#later(0, () => this.#open());
    }

    #settle;

    /** Called with the freshness whenever fresh data have arrived. Returns a function that removes the listener. */
    onFresh(listener) { return this.#fresh.add(listener); }

    /** Called with `{reason}` when the session was not ended by this page. */
    onEnded(listener) { return this.#ended.add(listener); }

    /** Called with the freshness whenever it changes. */
    onChange(listener) { return this.#change.add(listener); }

    /** Ask again in the same session: at each next order. Returns the freshness. */
    async ask() {
      const { state, reason } = this.freshness;
      if (this.#id) await this.#post(this.#id);
      else if (!this.#closed && !(state === "ended" && reason === "operator")) await this.#open();
      return this.freshness;
    }

    /** Go on after the operator ended the session: call it from a click. */
    resume() {
      if (this.#closed || this.#id) return;
      this.#open();
    }

    /** End the session; the object cannot be used again. */
    close() {
      if (this.#closed) return;
      this.#closed = true;
      this.#end();
      for (const unbind of this.#unbind) unbind();
      this.#set({ state: "closed" });
      this.#settle(this.freshness);
    }

    // ------------------------------------------------------------------------------------------ opening

    #begin() {
      this.#id = newId();
      this.#tries = 0;
      this.#lastTouch = Date.now();
      return this.#id;
    }

    async #open() {
      if (this.#closed || this.#id || this.#suspended) return;
      this.#lastTry = Date.now();
      this.#set({ state: "opening", code: "" });
      const id = this.#begin();
      if (!(await this.#findPanel(id))) return;
      const posted = this.#post(id);
      this.#connect(id);
      await posted;
    }

    /** Find the panel that this page was paired with, also at the neighbouring ports: no other program may get the
     * token. */
    async #findPanel(id) {
      const { base, profileId, others: given } = this.#options;
      const here = await this.#whoIsAt(base, CHECK_TIMEOUT);
      if (this.#id !== id) return false;
      if (here.who === "panel") return true;
      const addresses = profileId ? given ?? neighbours(base) : [];
      const others = await Promise.all(addresses.map(async (address) => [address, (await this.#whoIsAt(address, HEALTH_TIMEOUT)).who]));
      const revoked = here.who === "unknown" && (!profileId || await profileAt(base) === profileId);
      if (this.#id !== id) return false;
      const moved = others.find(([, who]) => who === "panel");
      if (moved) {
        this.#options = { ...this.#options, base: moved[0] };
        return true;
      }
      if (revoked) this.#answered(id, here.result.status, here.result.answer);
      else this.#stored(here.who === "nobody" ? "panel-away" : "other-program");
      return false;
    }

    /** Check who answers; a page under plain http can only compare the public `profileId`. */
    async #whoIsAt(address, within) {
      const { token, profileId, check } = this.#options;
      const found = await check(address, token, AbortSignal.timeout(within));
      if (found.who !== "unchecked") return found;
      if (!profileId) return { who: "panel" };
      const profile = await profileAt(address);
      return { who: profile === profileId ? "panel" : profile === null ? "nobody" : "other" };
    }

    async #post(id) {
      const { base, token, label, userId, check } = this.#options;
      this.#opening?.abort();
      const opening = this.#opening = new AbortController();
      const timer = setTimeout(() => opening.abort(), OPEN_TIMEOUT);
      this.#ageBefore = this.freshness.newAsOf; // only newer data answer this call
      this.#readEnded = false;
      try {
        const body = { sessionId: id, label };
        if (userId) body.userId = userId;
        const { status, answer } = await request(base, "/api/customers/smart-sync",
          { token, method: "POST", body, signal: opening.signal, check });
        if (this.#id === id && this.#opening === opening) this.#answered(id, status, answer);
      } catch (error) {
        if (this.#id !== id || this.#opening !== opening) return;
        // The line may have delivered the data: then only this answer is lost, and the session is open.
        if (this.#isServed) this.#touch(id);
        else this.#stored(codeOf(error));
      } finally {
        clearTimeout(timer);
      }
    }

    #answered(id, status, answer) {
      const known = { newAsOf: dateOf(answer.newAsOf), allAsOf: dateOf(answer.allAsOf), message: answer.message ?? "",
        hint: answer.hint ?? "", handle: answer.handle ?? "" };
      if (status === 200) {
        this.#set({ ...known, state: "fresh", progress: null, added: answer.added, changed: answer.changed,
          durationMs: answer.durationMs });
        this.#fresh(this.freshness);
      } else if (status === 202) {
        // The data that the panel has now do not answer this call. The line may have reported the end of the read before this
        // answer arrived.
        this.#ageBefore = known.newAsOf ?? this.#ageBefore;
        const late = this.#readEnded || this.#isServed;
        if (!late || answer.code === "held") this.#set({ ...known, state: answer.code });
        this.#askWithoutLine(id);
      } else if (status === 503 && answer.handle) {
        this.#set({ ...known, state: "failed", message: answer.error });
      } else if (status === 410) {
        this.#endedBy(answer.reason);
      } else if (status === 401 || status === 403 || status === 422) {
        this.#drop();
        this.#set({ state: "refused", message: answer.error ?? "", hint: answer.hint ?? "", code: answer.code });
      } else {
        this.#stored(status === 429 ? "too-many-requests" : "panel-away");
      }
      if (status < 300) this.#closeUnclosed();
      if (this.freshness.state !== "opening") this.#settle(this.freshness);
    }

    // ------------------------------------------------------------------------------------------ the line

    async #connect(id) {
      const { base, token, check } = this.#options;
      const { who } = await check(base, token, AbortSignal.timeout(CALL_TIMEOUT));
      if (this.#id !== id || this.#line) return;
      if (who !== "panel" && who !== "unchecked") {
        this.#connectAgain(id);
        return;
      }
      let line;
      try {
        line = new WebSocket(base.replace(/^http/, "ws") + "/api/smart-sessions");
      } catch {
        return; // without a line, calls keep the session open
      }
      this.#line = line;
      let opened = false;
      line.onopen = () => {
        opened = true;
        line.send(JSON.stringify({ type: "attach", token, sessionId: id }));
      };
      line.onmessage = (event) => { if (this.#line === line) this.#received(JSON.parse(event.data)); };
      line.onclose = () => {
        if (this.#line !== line) return;
        this.#line = null;
        if (this.#id !== id) return;
        if (opened) {
          this.#later(TOUCH_WITHOUT_LINE, () => {
            if (this.#id === id && this.#line?.readyState !== WebSocket.OPEN) this.#touch(id);
          });
        }
        this.#connectAgain(id);
      };
    }

    #connectAgain(id) {
      const again = () => { if (this.#id === id && !this.#line) this.#connect(id); };
      if (this.#tries < RECONNECT.length) {
        this.#later(RECONNECT[this.#tries++], again);
      } else {
        // The lines are cut, but the session may be open: ask the panel.
        this.#touch(id);
        this.#later(LINE_RETRY, again);
      }
    }

    /** Whether data of that age answer the last call. */
    #isNews(newAsOf) { return newAsOf !== null && (this.#ageBefore === null || newAsOf > this.#ageBefore); }

    /** Whether the page has the data of its last call. */
    get #isServed() { return this.freshness.state === "fresh" && this.#isNews(this.freshness.newAsOf); }

    /** Whether the data of the last call are still to come. */
    get #isWaiting() { return this.freshness.state === "pending" || this.freshness.state === "held"; }

    #becomeFresh(ages) {
      this.#set({ ...ages, state: "fresh", message: "", hint: "", progress: null });
      this.#settle(this.freshness);
      this.#fresh(this.freshness);
    }

    #received(message) {
      const ages = { newAsOf: dateOf(message.newAsOf), allAsOf: dateOf(message.allAsOf) };
      switch (message.type) {
        case "attached":
          this.#tries = 0;
          this.#set({ handle: message.handle });
          if (message.fresh && this.#isNews(ages.newAsOf) && !(this.#isServed && ages.newAsOf <= this.freshness.newAsOf)) this.#becomeFresh(ages);
          else if (this.#isWaiting) this.#post(this.#id); // the end of the read may have been reported while there was no line
          break;
        case "progress":
          this.#set({ progress: { step: message.step, page: message.page, pages: message.pages, rows: message.rows } });
          break;
        case "fresh":
          this.#becomeFresh(ages);
          break;
        case "ages": // of all stored customers; they may not answer the last call
          this.#set(ages);
          if (this.freshness.state === "fresh" && ages.newAsOf !== null) this.#fresh(this.freshness);
          break;
        case "failed":
        case "held": // the operator's pause; fresh data follow when it is over
          this.#readEnded = true;
          if (!this.#isServed) {
            this.#set({ ...ages, state: message.type, message: message.error, hint: message.hint, progress: null });
            this.#settle(this.freshness);
          }
          break;
        case "ended":
          this.#endedBy(message.reason);
          break;
        case "refused":
          this.#drop();
          this.#set({ state: "refused", message: message.error, hint: message.hint, code: message.code });
          this.#settle(this.freshness);
          break;
      }
    }

    // ------------------------------------------------------------------------------------------ ends

    /** The panel has ended the session. */
    #endedBy(reason) {
      this.#drop();
      this.#set({ state: "ended", reason });
      this.#settle(this.freshness);
      this.#ended({ reason });
    }

    /** The panel cannot be reached; `code` says why. The session is closed at the panel as soon as it answers again. */
    #stored(code = "panel-away") {
      if (this.#id) this.#unclosed.add(this.#id);
      this.#drop();
      this.#set({ state: "stored", code });
      this.#settle(this.freshness);
      if (code !== "panel-away") return;
      browserForbids().then((yes) => {
        if (yes && this.freshness.state === "stored") this.#set({ code: "browser-blocks" });
      });
    }

    /** Close the sessions that were left while the panel could not be reached. */
    #closeUnclosed() {
      for (const id of this.#unclosed) navigator.sendBeacon(this.#options.base + "/api/smart-sessions/close", id);
      this.#unclosed.clear();
    }

    /** Forget the session without closing it at the panel. */
    #drop() {
      this.#id = null;
      this.#opening?.abort();
      this.#opening = null;
      const line = this.#line;
      this.#line = null;
      line?.close();
      for (const timer of this.#timers) clearTimeout(timer);
      this.#timers.clear();
    }

    /** Close the session at the panel: a beacon is sent even while the page is unloaded. */
    #end() {
      const id = this.#id;
      this.#drop();
      if (id) navigator.sendBeacon(this.#options.base + "/api/smart-sessions/close", id);
    }

    // ------------------------------------------------------------------------------------------ user activity

    #bind() {
      const on = (target, kind, listener) => {
        target.addEventListener(kind, listener, { capture: true, passive: true });
        this.#unbind.push(() => target.removeEventListener(kind, listener, { capture: true }));
      };
      for (const kind of ACTIVITY) on(document, kind, () => this.#onActivity());
      on(window, "pagehide", () => { this.#suspended = true; this.#end(); });
      on(window, "pageshow", (event) => {
        this.#suspended = false;
        if (event.persisted) this.#open();
      });
      on(document, "visibilitychange", () => {
        if (document.visibilityState === "hidden") this.#awaySince ??= Date.now();
        else this.#back();
      });
      on(window, "blur", () => { this.#awaySince ??= Date.now(); });
      on(window, "focus", () => this.#back());
    }

    #back() {
      const away = this.#awaySince === null ? 0 : Date.now() - this.#awaySince;
      this.#awaySince = null;
      if (away >= ASK_AFTER_AWAY && this.#id) this.ask();
    }

    #onActivity() {
      if (this.#closed) return;
      const now = Date.now();
      if (!this.#id) {
        const { state, reason } = this.freshness;
        const again = state === "stored" || (state === "ended" && reason !== "operator");
        if (again && now - this.#lastTry >= RETRY_PAUSE) this.#open();
        return;
      }
      if (now - this.#lastTouch < TOUCH_EVERY) return;
      this.#lastTouch = now;
      if (this.#line?.readyState === WebSocket.OPEN) this.#line.send('{"type":"touch"}');
      else this.#touch(this.#id);
    }

    /** Keep the session open by a call. A single failure does not end the session (the computer may have slept
     * meanwhile): the call is repeated once, unless the line is open. */
    async #touch(id, repeat = true) {
      const { base, token, check } = this.#options;
      let status, answer;
      try {
        ({ status, answer } = await request(base, "/api/smart-sessions/touch", { token, method: "POST", body: { sessionId: id }, check }));
      } catch (error) {
        if (this.#id !== id || this.#line?.readyState === WebSocket.OPEN) return;
        if (repeat) await this.#touch(id, false);
        else this.#stored(codeOf(error));
        return;
      }
      if (this.#id !== id) return;
      if (status === 200) {
        // Without a line only this call brings the result of the read.
        if (this.#isWaiting && this.#line?.readyState !== WebSocket.OPEN) await this.#post(id);
        return;
      }
      if (status === 410) this.#endedBy(answer.reason);
      else if (status === 401 || status === 403) this.#answered(id, status, answer);
      else await this.#post(id); // 429 and the like do not tell whether the session is open: this call does
    }

    /** Ask again while a read is pending and there is no line to report its end. The operator's hold may last for
     * hours; it is not asked about, for each call would keep the session of an unused tab open. */
    #askWithoutLine(id) {
      this.#later(TOUCH_WITHOUT_LINE, () => {
        if (this.#id !== id || this.freshness.state !== "pending") return;
        if (this.#line?.readyState === WebSocket.OPEN) this.#askWithoutLine(id);
        else this.#post(id);
      });
    }

    #later(ms, act) {
      const timer = setTimeout(() => { this.#timers.delete(timer); act(); }, ms);
      this.#timers.add(timer);
    }

    #set(values) {
      this.freshness = { ...this.freshness, ...values };
      this.#change(this.freshness);
    }
  }

  /** Open a session for this tab. `base`: "http://127.0.0.1:47800". Never throws, `ready` never rejects. */
  function openSession(options) {
    return new Session(options);
  }

  /**
   * Pair this page: the operator presses "Collega una pagina" in the panel and types the digits that `onDigits` gets.
   * Returns `{token, profileId, account, scopes}`; throws an Error with `code` and `hint` when it is refused.
   */
  async function pair({ base, name, scopes = ["sessions"], onDigits = () => {}, signal }) {
    const call = async (body) => {
      const { status, answer } = await request(base, "/api/pair", { method: "POST", body, signal });
      if (status >= 400) throw Object.assign(new Error(answer.error), { code: answer.code, hint: answer.hint });
      return answer;
    };
    let answer = await call({ name, scopes });
    onDigits(answer.digits);
    const { pairingId } = answer;
    for (;;) {
      await wait(1_000, signal);
      answer = await call({ pairingId });
      if (answer.token) return answer;
    }
  }

  globalThis.Archisync = Object.freeze({ openSession, pair, request, whoAnswers });
})();
