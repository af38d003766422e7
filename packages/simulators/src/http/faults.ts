/** A request as the simulators see it. */
export interface SimulatedRequest {
  readonly method: string;
  /** The path as it was sent, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly text: string;
  /** The body parsed as JSON; undefined if there is none or it is not JSON. */
  readonly json: unknown;
}

/**
 * A fault of a request. Without any field but `match`, it has no effect.
 *
 * A fault either responds instead of the server (`status`, `html200`, `stall: "headers"`, `reset`) or spoils the
 * server's own response (`cutBodyAt`, `stall: "body"`, `clampPage`).
 */
export interface Fault {
  /** Which requests it hits. @default every request */
  readonly match?: (request: SimulatedRequest) => boolean;
  /** How many requests it affects before it is used up. @default 1 */
  readonly times?: number;
  /** Runs before the request is answered, e.g. to change the world at this point of a sync. */
  readonly before?: (request: SimulatedRequest) => void | Promise<void>;
  /** Runs after the response was created, before it is sent. */
  readonly after?: (request: SimulatedRequest) => void | Promise<void>;
  /** Responds with this status. */
  readonly status?: number;
  /** Headers of the response, e.g. `{ "retry-after": "2" }`. */
  readonly headers?: { readonly [name: string]: string };
  /** Body of the response: text unchanged, anything else as JSON. Alone it has status 200. */
  readonly body?: unknown;
  /** Responds like a login page or a proxy: 200 with HTML. */
  readonly html200?: boolean;
  /** Falls silent before the headers, or in the middle of the body. */
  readonly stall?: "headers" | "body";
  /** How long it is silent, in milliseconds, before it continues. @default forever */
  readonly stallMs?: number;
  /** Announces the whole body, sends this many bytes of it and hangs up. */
  readonly cutBodyAt?: number;
  /** Hangs up without a response. */
  readonly reset?: boolean;
  /** Returns at most this many rows, whatever limit was requested. */
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

  /** The number of unused faults: 0 shows that a test met all scripted ones. */
  get pending(): number {
    return this.#script.length;
  }

  clear(): void {
    this.#script = [];
  }
}
