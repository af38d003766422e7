/** Turns `--from` and a configuration's sources into sources. No message repeats what may be a secret. */
import { type AirflowAuth, createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import type { Table } from "@org/destination";
import { airflow, airflowTables } from "@org/sources/airflow";
import { dagster, dagsterTables } from "@org/sources/dagster";
import type { Source, SourceContext } from "@org/sync-engine/source";
import { airflowAuth, credentialVariables, dagsterAuth } from "./credentials.ts";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { proxiedFetch } from "./proxy.ts";
import { dagsterWithToken, type Token } from "./rotating-token.ts";

export const sourceKinds = ["airflow", "dagster"] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** All tables that syncs of this release write. */
export const syncedTables: readonly Table[] = [...airflowTables, ...dagsterTables];

const examples: Readonly<Record<SourceKind, string>> = {
  airflow: "airflow:http://127.0.0.1:8080",
  dagster: "dagster:http://127.0.0.1:3000",
};

/**
 * @param options.batch whether Airflow's batch endpoints may be used
 * @throws UsageError, or the client's own error for an unusable URL
 */
export function parseSource(text: string, env: Io["env"], { batch = true }: { readonly batch?: boolean } = {}): Source {
  const [, kind, address = ""] = /^(airflow|dagster):(.*)$/s.exec(text) ?? [];
  if (kind === undefined) {
    const isAddress = /^https?:\/\//i.test(text);
    const given = text === "" ? "empty" : isAddress ? "a URL without the kind of server" : "malformed";
    throw new UsageError(`--from is ${given}. Write ${examples.airflow} or ${examples.dagster}.`);
  }
  const isAirflow = kind === "airflow";
  const notices: string[] = [];
  const fetch = proxiedFetch(env, { onNotice: (message) => notices.push(message) });
  const common = { address, batch, label: `--from ${kind}`, notices, fetch };
  checkAddress(kind as SourceKind, common);
  if (isAirflow) return airflowSource({ ...common, auth: airflowAuth(env) });
  if (!batch) throw new UsageError("--no-batch is only for Airflow: leave it out for Dagster.");
  return dagsterSource({ ...common, ...dagsterAuth(env) });
}

/**
 * Paths of UI pages, as they are copied, with their query and fragment, from the last word on that starts one. A check
 * finds out whether the server is there.
 */
const pages: Readonly<Record<SourceKind, readonly string[]>> = {
  airflow:
    "home dags dag_runs task_instances asset assets events xcoms variables pools connections providers plugins jobs configs backfills auth".split(
      " ",
    ),
  dagster: "runs locations assets asset-groups jobs overview automation deployment settings graphiql".split(" "),
};

function withoutPage(kind: SourceKind, path: string): string {
  const segments = path.split("/");
  const page = segments.findLastIndex((segment) => pages[kind].includes(segment));
  return page < 0 ? path : segments.slice(0, page).join("/");
}

interface SourceOptions {
  readonly address: string;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Of a single response. @default the client's */
  readonly maxResponseBytes?: number | undefined;
  /** Reported at every sync and check. @default none */
  readonly notices?: readonly string[];
}

/**
 * @param options.batch whether Airflow's batch endpoints may be used
 * @param options.batchEvents whether the audit log's events about them are synced. @default true
 */
export function airflowSource({
  address,
  auth,
  fetch,
  headers,
  maxResponseBytes,
  notices,
  batch,
  batchEvents,
}: SourceOptions & {
  readonly auth: AirflowAuth | undefined;
  readonly batch: boolean;
  readonly batchEvents?: boolean | undefined;
}): Source {
  const source = airflow({
    client: createAirflowClient({ url: address, auth, fetch, headers, maxResponseBytes }),
    batch,
    batchEvents,
  });
  return withNotices(source, notices);
}

/** @param options.token sent unchanged, or requested again once the server rejects it */
export function dagsterSource({
  address,
  token,
  fetch,
  headers,
  maxResponseBytes,
  notices,
}: SourceOptions & { readonly token?: string | Token }): Source {
  const options = { url: address, fetch, headers, maxResponseBytes };
  const client =
    typeof token === "object"
      ? dagsterWithToken(options, token)
      : createDagsterClient({ ...options, auth: token === undefined ? undefined : { token } });
  return withNotices(dagster({ client }), notices);
}

/** A source that reports notices when it is first synced or checked. */
function withNotices<Shared>(source: Source<Shared>, notices: readonly string[] = []): Source {
  const left = notices.map((message) => ({ type: "notice", code: "CONNECTION", message }) as const);
  const tell = (emit: SourceContext["emit"]) => {
    for (const notice of left.splice(0)) emit(notice);
  };
  return {
    ...(source as Source),
    start(context) {
      tell(context.emit);
      return source.start(context);
    },
    check(context) {
      tell(context.emit);
      return source.check(context);
    },
  };
}

/**
 * @param options.label where the URL was given, for messages
 * @param options.isInFile whether it is in a configuration, next to its credentials
 * @throws UsageError for an invalid URL, or one that contains more than the server's location
 */
export function checkAddress(
  kind: SourceKind,
  {
    address,
    label,
    isInFile = false,
  }: { readonly address: string; readonly label: string; readonly isInFile?: boolean },
): void {
  const example = isInFile ? examples[kind].replace(`${kind}:`, "") : examples[kind];
  if (!/^https?:\/\//i.test(address)) {
    throw new UsageError(`${label}: the URL must start with http:// or https://, as in ${example}.`);
  }
  const url = URL.parse(address);
  if (!url) throw new UsageError(`${label}: not a valid URL. Write it as in ${example}.`);
  if (url.username || url.password) {
    const advice = isInFile
      ? "URLs end up in logs: set username and password, or token, instead."
      : "Command lines end up in process " +
        `lists, logs and shell histories, so credentials come from the environment only: ${credentialVariables[kind]}.`;
    throw new UsageError(`${label}: the URL of ${url.host} contains a user name or password. ${advice}`);
  }
  if (url.search || url.hash) {
    const address = `${url.origin}${withoutPage(kind, url.pathname)}`;
    const advice = isInFile
      ? "Set credentials separately."
      : `Credentials come from the environment only: ${credentialVariables[kind]}.`;
    throw new UsageError(
      `${label}: the address must end with its path: write ${isInFile ? address : `${kind}:${address}`}. ${advice}`,
    );
  }
}
