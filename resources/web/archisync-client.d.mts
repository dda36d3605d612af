/** Types of archisync-client.mjs, and of the global that the plain script defines. */

export type State =
  | "opening"   // the panel has not answered yet
  | "fresh"     // customers are current as of newAsOf
  | "pending"   // the session is open, the read is still going on; onFresh is called at its end
  | "held"      // the operator holds all reads
  | "failed"    // the session is open, but the customers could not be refreshed
  | "stored"    // no panel: work with stored data
  | "refused"   // not paired (any more): see message and hint
  | "ended"     // see reason; opens again by itself at the next input, after "operator" only by resume()
  | "closed";   // by close()

export type EndReason = "timeout" | "lost" | "operator" | "closed" | "unknown";

export interface Freshness {
  state: State;
  /** No customer created before this time is missing. */
  newAsOf: Date | null;
  /** Start of the last clean read of the whole list. */
  allAsOf: Date | null;
  added: number;
  changed: number;
  durationMs: number | null;
  /** For people, in the browser's language. */
  message: string;
  hint: string;
  /** Public name of the session, as the panel shows it. */
  handle: string;
  /** Progress of the running read, where the panel reports it. */
  progress: { step: string; page: number | null; pages: number | null; rows: number } | null;
  reason?: EndReason;
  /** Of a refusal; with `stored` the reason: "panel-away", "other-program" (the program at the port has not proved that
   * it knows the token, and was not sent it), "browser-blocks" (local network access is forbidden),
   * "too-many-requests". */
  code?: string;
}

export interface Options {
  /** "http://127.0.0.1:47800" */
  base: string;
  token: string;
  /** What the panel shows for this tab; plain text. */
  label?: string;
  /** The ERP account, where the token is not bound to one. */
  userId?: string;
  /** From `pair`; with it the panel is also found at the neighbouring ports. */
  profileId?: string;
  /** Other addresses at which the same panel may listen; left out: the neighbouring ports of `base`. */
  others?: readonly string[];
  /** Instead of `whoAnswers`. */
  check?: Check;
}

export interface Session {
  /** Settles at the first answer, within 15 s; never rejects. */
  readonly ready: Promise<Freshness>;
  readonly freshness: Freshness;
  /** Called when fresh data have arrived, and when the whole list was read while they were shown. */
  onFresh(listener: (freshness: Freshness) => void): () => void;
  onEnded(listener: (end: { reason: EndReason }) => void): () => void;
  onChange(listener: (freshness: Freshness) => void): () => void;
  ask(): Promise<Freshness>;
  resume(): void;
  close(): void;
}

export function openSession(options: Options): Session;

export interface Paired {
  token: string;
  profileId: string;
  account: string | null;
  scopes: string[];
}

export function pair(options: {
  base: string;
  name: string;
  scopes?: ("sessions" | "watch" | "operate")[];
  onDigits?: (digits: string) => void;
  signal?: AbortSignal;
}): Promise<Paired>;

export interface Answer { status: number; etag: string | null; answer: any }

/** "panel": it has proved that it knows the secret; `result` is its answer of `/api/health`. "unknown": it says that it
 * does not know it; `result` is its refusal. "other": another program. "nobody": no answer, see `error`. "unchecked":
 * a page under plain http cannot check (no `crypto.subtle`). */
export type Answerer =
  | { who: "other" | "unchecked" }
  | { who: "panel" | "unknown"; result: Answer }
  | { who: "nobody"; error: unknown };

export type Check = (base: string, token: string, signal?: AbortSignal) => Promise<Answerer>;

/** Check who answers at an address; `secret`: a token, or the bytes of another key that the panel has. */
export function whoAnswers(base: string, secret: string | Uint8Array, signal?: AbortSignal): Promise<Answerer>;

/** A call. With a token it first checks who answers, and sends the token only to the panel that knows it. A panel that
 * does not know it: 401. Another program: an Error with the `code` "other-program". */
export function request(base: string, path: string, options?: {
  check?: Check;
  token?: string;
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}): Promise<Answer>;

declare global {
  const Archisync: {
    readonly openSession: typeof openSession;
    readonly pair: typeof pair;
    readonly request: typeof request;
    readonly whoAnswers: typeof whoAnswers;
  };
}
