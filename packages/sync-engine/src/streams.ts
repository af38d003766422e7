import { SyncError } from "./errors.ts";
import type { Source, Stream } from "./stream.ts";

/** The default pipeline name of a source, such as `airflow@127.0.0.1:8080`. */
export function defaultPipeline(source: Pick<Source, "name" | "url">): string {
  const { host, pathname } = new URL(source.url);
  return `${source.name}@${host}${pathname.replace(/\/$/, "")}`;
}

/** The streams with these names, or all. @throws SyncError `UNKNOWN_STREAM`, or `INVALID_OPTION` for an empty list */
export function chooseStreams<Shared>(
  source: Source<Shared>,
  names: readonly string[] | undefined,
): readonly Stream<Shared>[] {
  const known = source.streams.map((stream) => stream.name);
  for (const name of names ?? []) {
    if (known.includes(name)) continue;
    throw new SyncError("UNKNOWN_STREAM", `${source.name} has no stream "${name}". It has: ${known.join(", ")}.`);
  }
  if (names?.length === 0) throw new SyncError("INVALID_OPTION", "streams is empty: leave it out to sync all of them.");
  return source.streams.filter((stream) => !names || names.includes(stream.name));
}
