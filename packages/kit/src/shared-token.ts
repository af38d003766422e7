import { raceAbort, withDeadline } from "./deadline.ts";

/** How to get a token that many calls share. */
export interface SharedTokenOptions {
  /** Gets a token. @param context.refused the one that it replaces, if the server rejected one */
  readonly get: (context: {
    readonly refused: string | undefined;
    readonly signal: AbortSignal;
  }) => string | Promise<string>;
  /** The timeout for getting one token, in milliseconds. */
  readonly timeoutMs: number;
  /** Aborts with the client. */
  readonly signal: AbortSignal | undefined;
  /** The error after the timeout. */
  readonly timeout: () => Error;
  /** Receives every token, before it is used. */
  readonly onToken: (token: string) => void;
}

/** A token that many calls share. */
export interface SharedToken {
  /** The token to send. Waits for the first one, until the signal aborts. */
  current(signal: AbortSignal): Promise<string>;
  /** A token other than the rejected one. Parallel calls share one renewal. */
  renew(refused: string, signal: AbortSignal): Promise<string>;
}

/** A request for a token. */
interface Flight {
  readonly landing: Promise<string>;
  readonly controller: AbortController;
  /** The number of waiting calls. */
  waiting: number;
}

/** Shares one token among all calls, and one request for it among those that wait for it. */
export function createSharedToken({ get, timeoutMs, timeout, onToken, ...options }: SharedTokenOptions): SharedToken {
  let token: string | undefined;
  let flight: Flight | undefined;

  const acquire = async (refused: string | undefined, signal: AbortSignal): Promise<string> => {
    const work = async (signal: AbortSignal) => get({ refused, signal });
    token = await withDeadline(work, { timeoutMs, signals: [options.signal, signal], timeout });
    onToken(token);
    return token;
  };

  const start = (refused: string | undefined): Flight => {
    const controller = new AbortController();
    const landing = acquire(refused, controller.signal);
    // Possibly no caller is waiting for it any more.
    landing.catch(() => undefined);
    return { landing, controller, waiting: 0 };
  };

  // Has its own timeout. A caller that leaves does not end it, the last one does.
  const fetchToken = async (refused: string | undefined, signal: AbortSignal): Promise<string> => {
    flight ??= start(refused);
    const shared = flight;
    shared.waiting += 1;
    try {
      return await raceAbort(shared.landing, signal);
    } finally {
      shared.waiting -= 1;
      if (flight === shared && (shared.waiting === 0 || !signal.aborted)) flight = undefined;
      if (shared.waiting === 0) shared.controller.abort(signal.reason);
    }
  };

  return {
    current: async (signal) => token ?? fetchToken(undefined, signal),
    // Another call may have renewed it while this request was in flight.
    renew: async (refused, signal) => (token !== undefined && token !== refused ? token : fetchToken(refused, signal)),
  };
}
