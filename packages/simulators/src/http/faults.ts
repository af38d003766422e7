/** A request as the simulators see it. */
export interface SimulatedRequest {
  readonly method: string;
  /** The path as it was sent, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly text: string;
  /** The body parsed as JSON; undefined when there is none or it is not JSON. */
  readonly json: unknown;
}

/**
 * Something that goes wrong with a request. Without any field but `match`, nothing does.
 *
 * A fault either answers in place of the server (`status`, `html200`, `stall: "headers"`, `reset`) or spoils the
 * server's own answer (`cutBodyAt`, `stall: "body"`, `clampPage`).
 */
export interface Fault {
  /** Which requests it hits. @default every request */
  readonly match?: (request: SimulatedRequest) => boolean;
  /** How many requests it hits before it is used up. @default 1 */
  readonly times?: number;
  /** Runs before the request is answered, e.g. to change the world at this very point of a sync. */
  readonly before?: (request: SimulatedRequest) => void | Promise<void>;
  /** Runs after the answer was made up, before it is sent. */
  readonly after?: (request: SimulatedRequest) => void | Promise<void>;
  /** Answers with this status. */
  readonly status?: number;
  /** Headers of the answer, e.g. `{ "retry-after": "2" }`. */
  readonly headers?: { readonly [name: string]: string };
  /** Body of the answer: text as it is, anything else as JSON. Alone it comes with status 200. */
  readonly body?: unknown;
  /** Answers like a login page or a proxy: 200 with HTML. */
  readonly html200?: boolean;
  /** Goes quiet before the headers, or in the middle of the body. */
  readonly stall?: "headers" | "body";
  /** How long it is quiet, in milliseconds, before it goes on as if nothing had been. @default for ever */
  readonly stallMs?: number;
  /** Announces the whole body, sends this many bytes of it and hangs up. */
  readonly cutBodyAt?: number;
  /** Hangs up without an answer. */
  readonly reset?: boolean;
  /** Gives at most this many rows, whatever limit was asked for. */
  readonly clampPage?: number;
}

/** A script of faults. Each request takes the first fault that matches it, and uses it up by one. */
export class Faults {
  #script: { fault: Fault; left: number }[] = [];

  push(...faults: Fault[]): void {
    for (const fault of faults) this.#script.push({ fault, left: fault.times ?? 1 });
  }

  take(request: SimulatedRequest): Fault | undefined {
    const entry = this.#script.find(({ fault }) => fault.match?.(request) ?? true);
    if (!entry) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#script = this.#script.filter((other) => other !== entry);
    return entry.fault;
  }

  /** The number of faults that are not used up: 0 shows that a test met all it had scripted. */
  get pending(): number {
    return this.#script.length;
  }

  clear(): void {
    this.#script = [];
  }
}
