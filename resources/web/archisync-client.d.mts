/** Types of archisync-client.mjs, and of the global that the plain script defines. */

export type State =
  | "opening"   // the panel has not answered yet
  | "fresh"     // customers are current as of newAsOf
  | "pending"   // the session is open, the read is still going on; onFresh will tell
  | "held"      // the operator holds all reads
  | "failed"    // the session is open, but the customers could not be refreshed
  | "stored"    // no panel: work with stored data
  | "refused"   // not paired (any more): see message and hint
  | "ended"     // see reason; opens again by itself at the next input, after "operator" only by resume()
  | "closed";   // by close()

export type EndReason = "timeout" | "lost" | "operator" | "closed" | "unknown";

export interface Freshness {
  state: State;
  /** No customer created before this moment is missing. */
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
  /** How far the read that is going on has come, where the panel tells it. */
  progress: { step: string; page: number | null; pages: number | null; rows: number } | null;
  reason?: EndReason;
  /** Of a refusal; with `stored` why there is no answer: "panel-away", "other-program" (on its port), "browser-blocks"
   * (local network access is forbidden), "too-many-requests". */
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
  /** Learnt at pairing; another panel on the same port then never sees the token. */
  profileId?: string;
  /** Other addresses at which the same panel may answer; left out: the ports beside `base`. */
  others?: readonly string[];
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

export function request(base: string, path: string, options?: {
  token?: string;
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}): Promise<{ status: number; etag: string | null; answer: any }>;

declare global {
  const Archisync: {
    readonly openSession: typeof openSession;
    readonly pair: typeof pair;
    readonly request: typeof request;
  };
}
