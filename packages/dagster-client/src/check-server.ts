import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "./client.ts";
import { DagsterError, DagsterResponseError } from "./errors.ts";
import { ServerVersionDocument, VersionDocument } from "./generated/operations.ts";
import { lackingFields, lackingRunFields, type OptionalField, type OptionalRunField } from "./without-fields.ts";

/** What is known of a server that responds. */
export interface DagsterServerInfo {
  /** Its version, e.g. `1.13.27`. */
  readonly version: string;
  /** The fields of a run that it lacks: the methods leave them out. Empty for a current version. */
  readonly lackingRunFields: readonly OptionalRunField[];
  /** Fields of other types that it lacks, and that are read by further streams of a sync. */
  readonly lackingFields: readonly OptionalField[];
}

/**
 * Checks that a client's server is a readable Dagster.
 *
 * @throws DagsterError that says what is wrong and what to do. If the client's URL is that of a page, the code is
 * `WRONG_URL`, and the message names the server's URL.
 */
export async function checkServer(client: DagsterClient, options: CallOptions = {}): Promise<DagsterServerInfo> {
  try {
    const { version, run, ...types } = await client.request(ServerVersionDocument, {}, options);
    return { version, lackingRunFields: lackingRunFields(run), lackingFields: lackingFields(types) };
  } catch (error) {
    const above = isElsewhere(error) ? await findAbove(client, options) : undefined;
    if (above === undefined) throw error;
    const at = client.url.replace(/\/graphql$/, "");
    const message = `Dagster${above.version} is at ${above.at}, not at ${at}: ${above.advice}`;
    throw new DagsterError({ code: "WRONG_URL", message, cause: error });
  }
}

/** The first path segments of Dagster's pages below its base URL. */
const pages: ReadonlySet<string> = new Set(
  (
    "asset-groups assets automation backfills catalog code-locations deployment graphiql health home insights instance jobs " +
    "lineage locations overview pipelines runs schedules selection sensors settings snapshots timeline workspace"
  ).split(" "),
);

interface Above {
  readonly at: string;
  /** With a leading space; empty if finding it out would require credentials. */
  readonly version: string;
  readonly advice: string;
}

/**
 * The nearest Dagster above the client's URL, in case that is the URL of a page. If a candidate does not respond
 * properly now, the search stops: anything further up is another server. The user did not name these URLs, so they get
 * neither credentials nor headers.
 */
async function findAbove(client: DagsterClient, options: CallOptions): Promise<Above | undefined> {
  const { origin, pathname } = new URL(client.url.replace(/\/graphql$/, ""));
  const segments = pathname.split("/").filter((segment) => segment !== "");
  for (let length = segments.length - 1; length >= 0; length -= 1) {
    const at = [origin, ...segments.slice(0, length)].join("/");
    const isPage = pages.has(segments[length] ?? "");
    const use = isPage ? `use ${at} as the URL.` : "if that is the right server, use its URL.";
    try {
      const found = await client.bareAt?.(at).request(VersionDocument, {}, options);
      return found && { at, version: ` ${found.version}`, advice: use };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isElsewhere(error)) continue;
      const isGuarded = error instanceof DagsterError && error.code === "UNAUTHENTICATED";
      return isGuarded && isPage ? { at, version: "", advice: use } : undefined;
    }
  }
  return undefined;
}

/** Whether a response shows that something else, or nothing, is at this URL: not that it is protected or failing. */
function isElsewhere(error: unknown): boolean {
  if (!(error instanceof DagsterResponseError) || error.errors.length > 0) return false;
  return (error.status >= 200 && error.status < 300) || [400, 404, 405, 410, 422].includes(error.status);
}
