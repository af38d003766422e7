/** A configuration's source, with its credentials. */
import { dirname, resolve } from "node:path";
import type { AirflowAuth } from "@org/airflow-client";
import { checkHeaders } from "@org/kit";
import type { Source } from "@org/sync-engine";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { proxiedFetch } from "../proxy.ts";
import { type Token, tokenFromCommand, tokenFromFile } from "../rotating-token.ts";
import { airflowSource, checkAddress, dagsterSource } from "../sources.ts";
import type { ConfigFile } from "./read.ts";
import type { SourceConfig } from "./schema.ts";
import { allWithVariables, withVariables } from "./variables.ts";

/** @throws UsageError that says where in the file the mistake is */
export function sourceOf(
  file: ConfigFile,
  name: string,
  env: Io["env"],
  { batch = true, signal }: { readonly batch?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Source {
  const path = ["sources", name];
  const config = allWithVariables(file.config.sources[name]!, env, path, (at, reason): never => {
    throw new UsageError(`${file.where(at)} ${reason}`);
  });
  const label = file.where(path);
  const { kind, url: address, headers, proxy } = config;
  checkAddress(kind, { address, label: file.where([...path, "url"]), isInFile: true });
  checkHeaders(headers, (reason) => new UsageError(`${file.where([...path, "headers"])}: ${reason}.`));
  const caFile = config.caFile && inFolderOf(file, config.caFile);
  const isUnverified = config.verifyTls === false;
  if (isUnverified && caFile !== undefined) {
    throw new UsageError(
      `${label}: "caFile" says whom to trust, and "verifyTls: false" everybody: take one of them out.`,
    );
  }
  const { host, protocol } = new URL(address);
  const notices: string[] = [];
  if (isUnverified && protocol === "https:") {
    notices.push(
      `${label}.verifyTls: the certificate of ${host} is not verified. Anyone in between can read and change ` +
        "everything, including credentials.",
    );
  }
  const fetch = proxiedFetch(env, {
    proxy,
    caFile,
    unverifiedHost: isUnverified ? host : undefined,
    label,
    onNotice: (message) => notices.push(message),
  });
  const common = { address, headers, notices, fetch, maxResponseBytes: config.maxResponseBytes };
  const token = tokenOf(file, config, { label, env, signal });
  if (kind === "airflow") {
    return airflowSource({
      ...common,
      auth: airflowAuthOf(config, token, label),
      batch: batch && config.batch !== false,
      batchEvents: config.batchEvents,
    });
  }
  for (const key of ["username", "password", "batch", "batchEvents"] as const) {
    if (config[key] !== undefined) throw new UsageError(`${label}: "${key}" is only for Airflow, and this is Dagster.`);
  }
  const auth = config.token ?? token;
  return dagsterSource({ ...common, ...(auth !== undefined && { token: auth }) });
}

/** A source without a server: it has the streams and tables of its kind. */
export function offlineSource(kind: SourceConfig["kind"]): Source {
  const address = "http://nowhere.invalid";
  return kind === "airflow" ? airflowSource({ address, auth: undefined, batch: true }) : dagsterSource({ address });
}

/** A source from its URL alone, without a connection; undefined if the URL is unknown. */
export function addressedSource(file: ConfigFile, name: string, env: Io["env"]): Source | undefined {
  const { kind, url } = file.config.sources[name]!;
  try {
    const address = withVariables(url, env, (reason): never => {
      throw new UsageError(reason);
    });
    return kind === "airflow" ? airflowSource({ address, auth: undefined, batch: true }) : dagsterSource({ address });
  } catch {
    // Mistakes are reported when it is used.
    return undefined;
  }
}

function airflowAuthOf(config: SourceConfig, token: Token | undefined, label: string): AirflowAuth | undefined {
  const { username, password } = config;
  if ((username === undefined) !== (password === undefined)) {
    throw new UsageError(
      `${label}: "${username === undefined ? "username" : "password"}" is missing beside the other.`,
    );
  }
  if (username !== undefined && password !== undefined) return { username, password };
  if (config.token !== undefined) return { token: config.token };
  return token && (({ signal }) => token.get(signal));
}

/** The source's changing token, if it has one. */
function tokenOf(
  file: ConfigFile,
  config: SourceConfig,
  { label, env, signal }: { readonly label: string; readonly env: Io["env"]; readonly signal: AbortSignal | undefined },
): Token | undefined {
  const ways = (["username", "token", "tokenFile", "tokenCommand"] as const).filter((key) => config[key] !== undefined);
  if (ways.length > 1) {
    throw new UsageError(`${label}: only one of ${ways.join(" and ")} can be used: remove the others.`);
  }
  if (config.tokenFile !== undefined) {
    return tokenFromFile(inFolderOf(file, config.tokenFile), `${label}.tokenFile`, { signal });
  }
  if (config.tokenCommand === undefined) return undefined;
  return tokenFromCommand(config.tokenCommand, `${label}.tokenCommand`, { env, signal });
}

/** Paths in a file are relative to the file. */
function inFolderOf({ path }: ConfigFile, relative: string): string {
  return resolve(dirname(path), relative);
}
