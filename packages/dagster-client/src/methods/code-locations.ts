import type { CallOptions, List, ListOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterResultError } from "../errors.ts";
import {
  type CodeLocationFragment,
  CodeLocationsDocument,
  ReloadCodeLocationDocument,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import type { PythonProblem } from "../python-problem.ts";
import { unwrap } from "../unwrap.ts";
import { wholeList } from "./lists.ts";

/** A code location: where Dagster loads definitions from. */
export interface CodeLocation {
  readonly name: string;
  /** `failed`: `error` says why, and its definitions are unknown. */
  readonly status: "loaded" | "loading" | "failed";
  /** The exception that its code raised, with its `causes`; the last one is usually the reason. */
  readonly error: PythonProblem | undefined;
  /** When it was loaded, in seconds since 1970. */
  readonly updatedTimestamp: number;
  readonly repositories: readonly { readonly name: string; readonly jobs: readonly string[] }[];
  /** The versions of its Dagster libraries, by name. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** Identifies a code location: its name, or one that a method returned. */
export type CodeLocationRef = string | { readonly name: string };

const nameOf = (location: CodeLocationRef) => (typeof location === "string" ? location : location.name);

/** All code locations, also those that failed to load, in one request. */
export function list(
  client: DagsterClient,
  options: Pick<ListOptions, "first"> = {},
  call: CallOptions = {},
): List<CodeLocation> {
  return wholeList(() => read(client, call), options);
}

async function read(client: DagsterClient, call: CallOptions): Promise<readonly CodeLocation[]> {
  const { workspace } = await client.request(CodeLocationsDocument, {}, call);
  return objectsIn(unwrap(workspace, "Workspace").locationEntries, "code locations").map(toCodeLocation);
}

/** @throws DagsterResultError `RepositoryLocationNotFound` */
export async function get(
  client: DagsterClient,
  location: CodeLocationRef,
  call: CallOptions = {},
): Promise<CodeLocation> {
  const name = nameOf(location);
  const all = await read(client, call);
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = all.map((each) => each.name).join(", ");
  const message = `There is no code location ${name}. There are: ${names}.`;
  throw new DagsterResultError({ message, typename: "RepositoryLocationNotFound" });
}

/**
 * Reloads a code location, for example after a deployment, and returns it; if it failed to load, see its `error`. Takes
 * a few seconds.
 *
 * @throws DagsterResultError `RepositoryLocationNotFound`, `ReloadNotSupported`
 */
export async function reload(
  client: DagsterClient,
  location: CodeLocationRef,
  call: CallOptions = {},
): Promise<CodeLocation> {
  const { entry } = await client.request(ReloadCodeLocationDocument, { name: nameOf(location) }, call);
  unwrap(entry, "WorkspaceLocationEntry");
  return get(client, location, call);
}

function toCodeLocation(entry: CodeLocationFragment): CodeLocation {
  const { name, loadStatus, updatedTimestamp, locationOrLoadError: loaded } = entry;
  const error = loaded?.__typename === "PythonError" ? loaded : undefined;
  const location = loaded?.__typename === "RepositoryLocation" ? loaded : undefined;
  return {
    name,
    status: error ? "failed" : location && loadStatus === "LOADED" ? "loaded" : "loading",
    error: error && { message: error.message, className: error.className, causes: error.causes },
    updatedTimestamp,
    repositories: objectsIn(location?.repositories ?? [], "repositories").map(({ name, jobs }) => ({
      name,
      jobs: objectsIn(jobs, "jobs").map((job) => job.name),
    })),
    libraries: Object.fromEntries(
      objectsIn(location?.dagsterLibraryVersions ?? [], "libraries").map((each) => [each.name, each.version]),
    ),
  };
}
