import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import { DagsterResultError } from "../errors.ts";
import {
  type CodeLocationFragment,
  CodeLocationsDocument,
  type PythonProblemFragment,
  ReloadCodeLocationDocument,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { unwrap } from "../unwrap.ts";

export interface CodeLocation {
  readonly name: string;
  /** `failed`: `error` says why, and its definitions are unknown. */
  readonly status: "loaded" | "loading" | "failed";
  /** The exception that its code raised, with its `causes`; the last one is usually the reason. */
  readonly error: PythonProblemFragment | undefined;
  /** When it was loaded, in seconds since 1970. */
  readonly updatedTimestamp: number;
  readonly repositories: readonly { readonly name: string; readonly jobs: readonly string[] }[];
  /** The versions of its Dagster libraries, by name. */
  readonly libraries: Readonly<Record<string, string>>;
}

export async function list(client: DagsterClient, call: DagsterRequestOptions = {}): Promise<readonly CodeLocation[]> {
  const { workspace } = await client.request(CodeLocationsDocument, {}, call);
  return objectsIn(unwrap(workspace, "Workspace").locationEntries, "code locations").map(toCodeLocation);
}

/** @throws DagsterResultError `RepositoryLocationNotFound` */
export async function get(
  client: DagsterClient,
  name: string,
  call: DagsterRequestOptions = {},
): Promise<CodeLocation> {
  const all = await list(client, call);
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = all.map((each) => each.name).join(", ");
  throw new DagsterResultError(`There is no code location ${name}. There are: ${names}.`, {
    typename: "RepositoryLocationNotFound",
  });
}

/**
 * Reloads a code location, for example after a deployment, and returns it; if it failed to load, see its `error`. Takes
 * a few seconds.
 *
 * @throws DagsterResultError `RepositoryLocationNotFound`, `ReloadNotSupported`
 */
export async function reload(
  client: DagsterClient,
  name: string,
  call: DagsterRequestOptions = {},
): Promise<CodeLocation> {
  const { entry } = await client.request(ReloadCodeLocationDocument, { name }, call);
  unwrap(entry, "WorkspaceLocationEntry");
  return get(client, name, call);
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
