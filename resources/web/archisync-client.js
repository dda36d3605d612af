/*
 * Archisync client: one smart session of one browser tab with the Archisync panel on this computer. No dependencies.
 *
 * Plain script: defines `Archisync`. As an ES module import archisync-client.mjs (types: archisync-client.d.mts).
 * It never makes a form wait or fail: without a panel the answer is `stored` (work with stored data).
 */
(function () {
  "use strict";

  const TOUCH_EVERY = 60_000; // a sign of life at most once a minute, and only when the person works in this tab
  const ASK_AFTER_AWAY = 300_000; // back in the tab after five minutes: ask for fresh customers again
  const OPEN_TIMEOUT = 15_000; // the panel answers within ten seconds, whatever the ERP does
  const CALL_TIMEOUT = 15_000; // every call that names no deadline of its own
  const CHECK_TIMEOUT = 5_000; // for who answers at the page's own address
  const HEALTH_TIMEOUT = 2_000;
  const RETRY_PAUSE = 5_000; // between two tries to reach a panel that is not there
  const PORTS = 10; // the panel takes the first free one of so many
  const LINE_AGAIN = 60_000; // where lines are always cut, another try now and then; the session lives by its calls
  const SIGN_WITHOUT_LINE = 5_000; // a line that broke and is not up again by then: a call tells the panel that the tab lives
  const RECONNECT = [250, 500, 1_000, 2_000, 4_000, 8_000]; // a broken line is taken up again within the 20 s of grace
  const WORK = ["input", "keydown", "pointerdown"];

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
  }

  function when(text) {
    return text ? new Date(text) : null;
  }

  /** Listeners of one kind; calling it tells them all, and none can harm another. */
  function listeners() {
    const all = new Set();
    const tell = (value) => {
      for (const listener of [...all]) {
        try {
          listener(value);
        } catch (error) {
          setTimeout(() => { throw error; });
        }
      }
    };
    tell.add = (listener) => {
      all.add(listener);
      return () => all.delete(listener);
    };
    return tell;
  }

  /** Under the name `localhost` a browser may reach another user's program that listens on ::1, where the panel is not. */
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

  /** A call; a token is sent only to the panel that knows it. */
  async function request(base, path, { token, signal = AbortSignal.timeout(CALL_TIMEOUT), check = whoAnswers, ...how } = {}) {
    const address = root(base);
    if (token) {
      const { who, result, error } = await check(address, token, signal);
      if (who === "unknown") return result;
      if (who === "nobody") throw error;
      if (who === "other") throw Object.assign(new Error(`${address}: this is not the panel that gave the token`), { code: "other-program" });
    }
    return send(address, path, { ...how, token, signal });
  }

  const utf8 = (text) => new TextEncoder().encode(text);
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (one) => one.toString(16).padStart(2, "0")).join("");

  /**
   * Who answers at an address. `who`: "panel" has shown that it knows the token (or, as bytes, another key); "unknown" says that
   * it does not; both with their answer as `result`. "other" is another program; "nobody" answers, with the `error`; "unchecked":
   * a page under plain http cannot compute it.
   */
  async function whoAnswers(base, secret, signal) {
    const address = root(base), { subtle } = crypto;
    if (!subtle) return { who: "unchecked" };
    try {
      const bytes = typeof secret === "string" ? await subtle.digest("SHA-256", utf8(secret)) : secret;
      const key = await subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      const made = async (text) => hex(await subtle.sign("HMAC", key, utf8(text)));
      const nonce = newId(), { origin } = new URL(address);
      const [name, wanted] = await Promise.all([made("archisync name"), made(`archisync proof ${origin} ${nonce}`)]);
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

  /** The profile whose panel answers at an address; "" for another program, null for nobody. */
  async function profileAt(base) {
    try {
      const { answer } = await request(base, "/api/health", { signal: AbortSignal.timeout(HEALTH_TIMEOUT) });
      return answer?.profileId ?? "";
    } catch (error) {
      return error instanceof SyntaxError ? "" : null;
    }
  }

  /** The other addresses under which the same panel may answer. */
  function neighbours(base) {
    const { protocol, hostname, port } = new URL(base);
    const from = Number(port) - PORTS + 1;
    return Array.from({ length: 2 * PORTS - 1 }, (_, at) => from + at).filter((one) => one > 0 && one < 65_536 && one !== Number(port))
      .map((one) => `${protocol}//${hostname}:${one}`);
  }

  /** Whether the browser forbids the page to reach programs on this computer. */
  async function forbidden() {
    for (const name of ["local-network-access", "loopback-network"]) {
      try {
        if ((await navigator.permissions.query({ name })).state === "denied") return true;
      } catch { /* this browser knows no such permission */ }
    }
    return false;
  }

  /** Why there is no answer, as far as an error says it. */
  const why = (error) => error?.code === "other-program" ? error.code : "panel-away";

  class Session {
    #options; #fresh = listeners(); #ended = listeners(); #change = listeners();
    #id = null; #opening = null; #line = null; #tries = 0; #timers = new Set();
    #owed = new Set(); #lastTouch = 0; #lastTry = -Infinity; #before = null; #heardEnd = false; #awaySince = null; #closed = false; #suspended = false; #unbind = [];

    constructor({ base, token, label = "", userId, profileId, others, check = whoAnswers } = {}) {
      this.#options = { base: root(base), token, label, userId, profileId, others, check };
      /** What is known now: `state` and the two ages. */
      this.freshness = { state: "opening", code: "", newAsOf: null, allAsOf: null, added: 0, changed: 0, durationMs: null,
        message: "", hint: "", handle: "", progress: null };
      this.ready = new Promise((resolve) => { this.#settle = resolve; });
      this.#bind();
      // On the next turn: React's StrictMode mounts, unmounts and mounts in one; the first one then sends nothing.
      this.#later(0, () => this.#open());
    }

    #settle;

    /** Called with the freshness whenever fresh data have arrived. Returns a function that stops it. */
    onFresh(listener) { return this.#fresh.add(listener); }

    /** Called with `{reason}` when the session ended other than by this page. */
    onEnded(listener) { return this.#ended.add(listener); }

    /** Called with the freshness at every change of it. */
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

    /** End the session; the object is of no use afterwards. */
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
      if (!(await this.#rightPanel(id))) return;
      const posted = this.#post(id);
      this.#connect(id);
      await posted;
    }

    /** Find the panel that this page was paired with: nobody else must see the token. It may have moved to one of the ports
     * beside. */
    async #rightPanel(id) {
      const { base, profileId, others: told } = this.#options;
      const here = await this.#whoIsAt(base, CHECK_TIMEOUT);
      if (this.#id !== id) return false;
      if (here.who === "panel") return true;
      const beside = profileId ? told ?? neighbours(base) : [];
      const others = await Promise.all(beside.map(async (address) => [address, (await this.#whoIsAt(address, HEALTH_TIMEOUT)).who]));
      const revoked = here.who === "unknown" && (!profileId || await profileAt(base) === profileId);
      if (this.#id !== id) return false;
      const moved = others.find(([, who]) => who === "panel");
      if (moved) {
        this.#options = { ...this.#options, base: moved[0] };
        return true;
      }
      if (revoked) this.#answered(id, here.result.status, here.result.answer);
      else this.#gone(here.who === "nobody" ? "panel-away" : "other-program");
      return false;
    }

    /** Who answers there; a page under plain http has to believe what everybody can say. */
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
      this.#before = this.freshness.newAsOf; // fresh is what is newer
      this.#heardEnd = false;
      try {
        const body = { sessionId: id, label };
        if (userId) body.userId = userId;
        const { status, answer } = await request(base, "/api/customers/smart-sync",
          { token, method: "POST", body, signal: opening.signal, check });
        if (this.#id === id && this.#opening === opening) this.#answered(id, status, answer);
      } catch (error) {
        if (this.#id !== id || this.#opening !== opening) return;
        // The line may have brought what was asked for: then only this answer is lost, and the session is open.
        if (this.#served) this.#touch(id);
        else this.#gone(why(error));
      } finally {
        clearTimeout(timer);
      }
    }

    #answered(id, status, answer) {
      const known = { newAsOf: when(answer.newAsOf), allAsOf: when(answer.allAsOf), message: answer.message ?? "",
        hint: answer.hint ?? "", handle: answer.handle ?? "" };
      if (status === 200) {
        this.#set({ ...known, state: "fresh", progress: null, added: answer.added, changed: answer.changed,
          durationMs: answer.durationMs });
        this.#fresh(this.freshness);
      } else if (status === 202) {
        // What the panel had when it said so is not what was asked for. The read may have ended on the line before this
        // answer arrived.
        this.#before = known.newAsOf ?? this.#before;
        const late = this.#heardEnd || this.#served;
        if (!late || answer.code === "held") this.#set({ ...known, state: answer.code });
        this.#askWithoutLine(id);
      } else if (status === 503 && answer.handle) {
        this.#set({ ...known, state: "failed", message: answer.error });
      } else if (status === 410) {
        this.#over(answer.reason);
      } else if (status === 401 || status === 403 || status === 422) {
        this.#drop();
        this.#set({ state: "refused", message: answer.error ?? "", hint: answer.hint ?? "", code: answer.code });
      } else {
        this.#gone(status === 429 ? "too-many-requests" : "panel-away");
      }
      if (status < 300) this.#closeOwed();
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
        return; // no line: the lease lives by touches
      }
      this.#line = line;
      let opened = false;
      line.onopen = () => {
        opened = true;
        line.send(JSON.stringify({ type: "attach", token, sessionId: id }));
      };
      line.onmessage = (event) => { if (this.#line === line) this.#heard(JSON.parse(event.data)); };
      line.onclose = () => {
        if (this.#line !== line) return;
        this.#line = null;
        if (this.#id !== id) return;
        if (opened) {
          this.#later(SIGN_WITHOUT_LINE, () => {
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
        // Lines are cut, which says nothing about the session: the panel itself is asked.
        this.#touch(id);
        this.#later(LINE_AGAIN, again);
      }
    }

    /** Whether data of that age are what was asked for last. */
    #isNews(newAsOf) { return newAsOf !== null && (this.#before === null || newAsOf > this.#before); }

    /** Whether the page has what it asked for last. */
    get #served() { return this.freshness.state === "fresh" && this.#isNews(this.freshness.newAsOf); }

    /** Whether an answer is still to come: on the line, or by asking again. */
    get #waits() { return this.freshness.state === "pending" || this.freshness.state === "held"; }

    #freshNow(ages) {
      this.#set({ ...ages, state: "fresh", message: "", hint: "", progress: null });
      this.#settle(this.freshness);
      this.#fresh(this.freshness);
    }

    #heard(message) {
      const ages = { newAsOf: when(message.newAsOf), allAsOf: when(message.allAsOf) };
      switch (message.type) {
        case "attached":
          this.#tries = 0;
          this.#set({ handle: message.handle });
          if (message.fresh && this.#isNews(ages.newAsOf) && !(this.#served && ages.newAsOf <= this.freshness.newAsOf)) this.#freshNow(ages);
          else if (this.#waits) this.#post(this.#id); // what came of the read was told while there was no line
          break;
        case "progress":
          this.#set({ progress: { step: message.step, page: message.page, pages: message.pages, rows: message.rows } });
          break;
        case "fresh":
          this.#freshNow(ages);
          break;
        case "ages": // how current everything is, which may not be what was asked for
          this.#set(ages);
          if (this.freshness.state === "fresh" && ages.newAsOf !== null) this.#fresh(this.freshness);
          break;
        case "failed":
        case "held": // the operator's pause; fresh data follow when it is over
          this.#heardEnd = true;
          if (!this.#served) {
            this.#set({ ...ages, state: message.type, message: message.error, hint: message.hint, progress: null });
            this.#settle(this.freshness);
          }
          break;
        case "ended":
          this.#over(message.reason);
          break;
        case "refused":
          this.#drop();
          this.#set({ state: "refused", message: message.error, hint: message.hint, code: message.code });
          this.#settle(this.freshness);
          break;
      }
    }

    // ------------------------------------------------------------------------------------------ ends

    /** The session ended at the panel's side. */
    #over(reason) {
      this.#drop();
      this.#set({ state: "ended", reason });
      this.#settle(this.freshness);
      this.#ended({ reason });
    }

    /** There is no panel to talk to; `code` says why. Its id is closed as soon as there is one again. */
    #gone(code = "panel-away") {
      if (this.#id) this.#owed.add(this.#id);
      this.#drop();
      this.#set({ state: "stored", code });
      this.#settle(this.freshness);
      if (code !== "panel-away") return;
      forbidden().then((yes) => {
        if (yes && this.freshness.state === "stored") this.#set({ code: "browser-blocks" });
      });
    }

    /** Close the ids that were given up while the panel could not be reached. */
    #closeOwed() {
      for (const id of this.#owed) navigator.sendBeacon(this.#options.base + "/api/smart-sessions/close", id);
      this.#owed.clear();
    }

    /** Forget the id and the line without telling the panel. */
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

    /** Close at the panel: a beacon arrives even while the page goes away. */
    #end() {
      const id = this.#id;
      this.#drop();
      if (id) navigator.sendBeacon(this.#options.base + "/api/smart-sessions/close", id);
    }

    // ------------------------------------------------------------------------------------------ the person

    #bind() {
      const on = (target, kind, listener) => {
        target.addEventListener(kind, listener, { capture: true, passive: true });
        this.#unbind.push(() => target.removeEventListener(kind, listener, { capture: true }));
      };
      for (const kind of WORK) on(document, kind, () => this.#worked());
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

    #worked() {
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

    /** Tell the panel that the tab lives. One call that fails says nothing about an open session (the computer may have
     * slept meanwhile): it is repeated once, unless the line is up. */
    async #touch(id, repeat = true) {
      const { base, token, check } = this.#options;
      let status, answer;
      try {
        ({ status, answer } = await request(base, "/api/smart-sessions/touch", { token, method: "POST", body: { sessionId: id }, check }));
      } catch (error) {
        if (this.#id !== id || this.#line?.readyState === WebSocket.OPEN) return;
        if (repeat) await this.#touch(id, false);
        else this.#gone(why(error));
        return;
      }
      if (this.#id !== id) return;
      if (status === 200) {
        // Without a line nothing else would tell what came of the read.
        if (this.#waits && this.#line?.readyState !== WebSocket.OPEN) await this.#post(id);
        return;
      }
      if (status === 410) this.#over(answer.reason);
      else if (status === 401 || status === 403) this.#answered(id, status, answer);
      else await this.#post(id); // 429 and the like say nothing about the session: asked again, it answers or it ends
    }

    /** While an answer is to come that no line will tell, ask again. A pause may last for hours: it is not asked about, for
     * each question would keep the session of a tab that nobody uses. */
    #askWithoutLine(id) {
      this.#later(SIGN_WITHOUT_LINE, () => {
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
