import type { Clock } from "../time.ts";
import type { Handler } from "./answer.ts";
import { Faults } from "./faults.ts";
import { createFetch, type SimulatorFetch } from "./fetch.ts";
import { type ListeningServer, type ListenOptions, listen } from "./listen.ts";
import { RequestLog } from "./request-log.ts";

/** A server in this process. It needs no port: a client that is given its `fetch` never reaches the network. */
export interface SimulatedServer {
  /** A base URL for clients. `fetch` answers for any other host, too. */
  readonly url: string;
  /** Answers instead of the network: pass it to a client, or call it from a handler of MSW. */
  readonly fetch: SimulatorFetch;
  /** What goes wrong with the next requests, whichever way they come. */
  readonly faults: Faults;
  /** The requests so far, whichever way they came. */
  readonly requests: RequestLog;
  /**
   * Serves on 127.0.0.1 as well, for what needs a port: a browser, another process.
   *
   * @example const { url, close } = await simulator.listen();
   */
  listen(options?: ListenOptions): Promise<ListeningServer>;
}

export function createSimulatedServer(options: {
  readonly url: string;
  readonly handler: Handler;
  readonly clock: Clock;
}): SimulatedServer {
  const core = { ...options, faults: new Faults(), requests: new RequestLog() };
  const { url, faults, requests } = core;
  return { url, fetch: createFetch(core), faults, requests, listen: (settings = {}) => listen(core, settings) };
}
