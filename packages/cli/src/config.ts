/** What `--from` and `--to` say, as a source and a destination. No message here repeats what may be a secret. */
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import type { Destination } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { airflow } from "@org/sources/airflow";
import { dagster } from "@org/sources/dagster";
import type { Source } from "@org/sync-engine";
import { airflowAuth, credentialVariables, dagsterAuth } from "./credentials.ts";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { proxiedFetch } from "./proxy.ts";

type SourceKind = keyof typeof credentialVariables;

const examples: Readonly<Record<SourceKind, string>> = {
  airflow: "airflow:http://127.0.0.1:8080",
  dagster: "dagster:http://127.0.0.1:3000",
};

/** A destination, and the file that holds it. */
export interface FileDestination {
  readonly destination: Destination;
  readonly path: string;
}

/**
 * @param options.batch whether Airflow's batch endpoints may be used
 * @throws UsageError, or the client's own error for an address that it cannot use.
 */
export function parseSource(text: string, env: Io["env"], { batch = true }: { readonly batch?: boolean } = {}): Source {
  const [, kind, address = ""] = /^(airflow|dagster):(.*)$/s.exec(text) ?? [];
  if (kind === undefined) {
    const given = /^https?:\/\//i.test(text) ? "an address without saying what is there" : `${shown(text)}`;
    throw new UsageError(`--from is ${given}. Write ${examples.airflow} or ${examples.dagster}.`);
  }
  checkAddress(kind as SourceKind, address);
  const fetch = proxiedFetch(env);
  if (kind === "airflow") {
    return airflow({
      client: createAirflowClient({ baseUrl: address, auth: airflowAuth(env), ...(fetch && { fetch }) }),
      batch,
    });
  }
  if (!batch) throw new UsageError("--no-batch is about Airflow's audit log: leave it out for Dagster.");
  return dagster({ client: createDagsterClient({ url: address, auth: dagsterAuth(env), fetch }) });
}

/** @throws UsageError */
export function parseDestination(text: string): FileDestination {
  const [, kind, path = ""] = /^([a-z]+):(.*)$/is.exec(text) ?? [];
  if (kind !== "duckdb") {
    const given = kind === undefined ? shown(text) : `a ${kind} destination, which this release does not have`;
    throw new UsageError(`--to is ${given}. Write duckdb: and a file, as in duckdb:orchestration.duckdb.`);
  }
  if (path === "")
    throw new UsageError("--to names no file. Write it after duckdb:, as in duckdb:orchestration.duckdb.");
  return { destination: duckdb(path), path };
}

function checkAddress(kind: SourceKind, address: string): void {
  if (!/^https?:\/\//i.test(address)) {
    throw new UsageError(
      `--from ${kind}: the address ${shown(address)} must begin with http:// or https://, as in ${examples[kind]}.`,
    );
  }
  const url = URL.parse(address);
  if (!url) throw new UsageError(`--from ${kind}: ${shown(address)} is not a URL. Write it as in ${examples[kind]}.`);
  if (url.username || url.password) {
    throw new UsageError(
      `--from ${kind}: the address of ${url.host} holds a user name or password. Command lines end up in process ` +
        `lists, logs and shell histories, so credentials come from the environment only: ${credentialVariables[kind]}.`,
    );
  }
  if (url.search || url.hash) {
    throw new UsageError(
      `--from ${kind}: the address must end with its path: write ${kind}:${url.origin}${url.pathname}. ` +
        `Credentials come from the environment only: ${credentialVariables[kind]}.`,
    );
  }
}

/** What may be repeated of a text: nothing of one that may hold credentials. */
function shown(text: string): string {
  if (text === "") return "empty";
  return /[@?#]/.test(text) || text.length > 100 ? "not of that form" : JSON.stringify(text);
}
