/** `dagsync serve`: serves the report over HTTP until it is stopped. */

import { isIP } from "node:net";
import { hostname } from "node:os";
import { checkScope, coverage, openInsights, questions, type Scope } from "@org/insights";
import { createHandler } from "@org/insights/serve";
import { UsageError } from "../errors.ts";
import { isRetryable } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { failureText } from "../render/failure.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { configuredParameters, type ReportTarget, reportTarget } from "../report/place.ts";
import { type CopiedFile, copiedFile } from "./copied-file.ts";
import { isOwnMachine, listen, stop, urlOf } from "./listen.ts";
import { type Rounds, startRounds } from "./rounds.ts";

export interface ServeSettings {
  /** A destination's address, or a configured pipeline. */
  readonly at?: string;
  readonly config?: string;
  readonly port: number;
  readonly host: string;
  /** Further host names of the server. */
  readonly hosts: readonly string[];
  /** What the page covers. */
  readonly scope: Pick<Scope, "days" | "timezone">;
  /** How often to sync, in ms. @default never */
  readonly everyMs?: number;
}

/** @param names pipelines. @throws UsageError and the destination's errors, if it cannot start */
export async function serve(names: readonly string[], settings: ServeSettings, io: SafeIo): Promise<void> {
  checkScope(settings.scope);
  const place = await reportTarget(names, settings, io);
  if (settings.everyMs !== undefined && !place.loaded) {
    throw new UsageError("--sync-every syncs pipelines in a configuration: leave out --at with an address.");
  }
  const copied = place.uncopied && copiedFile(place.uncopied, place.destination);
  try {
    await serveIt({ ...place, destination: copied?.destination ?? place.destination }, copied, settings, io);
  } finally {
    await copied?.close();
  }
}

async function serveIt(
  place: ReportTarget,
  copied: CopiedFile | undefined,
  settings: ServeSettings,
  io: SafeIo,
): Promise<void> {
  const { destination, loaded } = place;
  let rounds: Rounds | undefined;
  const handler = createHandler({
    ...settings.scope,
    destination,
    servers: place.servers,
    parameters: configuredParameters(questions, place),
    hosts: hostsOf(settings),
    syncs: () => rounds?.health() ?? [],
    onError: (error) => io.stderr.write(`dagsync: ${failureText(error)}\n`),
    ...(place.pipelines && { pipelines: place.pipelines }),
    ...(io.signal && { signal: io.signal }),
  });
  const server = await listen(handler, settings);
  try {
    await tellWhatIsMissing(place, settings, io);
    if (!isOwnMachine(settings.host)) io.stderr.write(openToOthers);
    const url = urlOf(server, settings.host);
    io.stdout.write(
      `Serving ${destination.name}\n${url}          the report\n${url}api/      each answer as JSON and CSV\n${url}metrics   for Prometheus\n`,
    );
    if (settings.everyMs !== undefined && loaded) {
      const whileNotCopying = copied?.whileNotCopying ?? ((work) => work());
      rounds = startRounds({ loaded, everyMs: settings.everyMs, whileNotCopying }, io);
    }
    await stopped(io);
  } finally {
    await stop(server);
    await rounds?.ended;
  }
}

const openToOthers =
  "dagsync: Anyone who can reach this address can read everything it serves, such as names, owners, times and outcomes of runs.\n" +
  "There is no login and no encryption: add a proxy for both.\n";

/** The accepted host names; numeric addresses need none. */
function hostsOf({ host, hosts }: ServeSettings): readonly string[] {
  const own = isOwnMachine(host) ? [] : [hostname()];
  return [...hosts, ...own, ...(isIP(host) === 0 ? [host] : [])];
}

/**
 * Reports missing data that time or a sync will bring, and waits for it.
 *
 * @throws errors that require a change
 */
async function tellWhatIsMissing(
  { destination }: ReportTarget,
  { scope, everyMs }: ServeSettings,
  io: Io,
): Promise<void> {
  try {
    const insights = await openInsights(destination, { signal: io.signal });
    try {
      await insights.answer(coverage, scope);
    } finally {
      await insights.close();
    }
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    const isToCome = code === "NOT_FOUND" || code === "NO_TABLES" || (error instanceof Error && isRetryable(error));
    if (!isToCome || io.signal?.aborted) throw error;
    const next =
      everyMs === undefined ? "The page fills as soon as a sync has run." : "The first sync will fill the page.";
    io.stderr.write(`dagsync: Nothing to show yet. ${failureText(error)} ${next}\n`);
  }
}

async function stopped({ signal }: Io): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
}
