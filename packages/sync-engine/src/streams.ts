import { SyncError } from "./errors.ts";
import type { Source, Stream } from "./stream.ts";

/** The default pipeline name of a source, such as `airflow@127.0.0.1:8080`. */
export function defaultPipeline(source: Pick<Source, "name" | "url">): string {
  const { host, pathname } = new URL(source.url);
  return `${source.name}@${host}${pathname.replace(/\/$/, "")}`;
}

/** Names that stand for several streams: those that a sync reads by default, and all of the source. */
const DEFAULT = "default";
const ALL = "all";

/** What streams can be chosen by: their names, `default` and `all`. */
export function streamNames({ streams }: Pick<Source, "streams">): readonly string[] {
  return [...streams.map(({ name }) => name), DEFAULT, ALL];
}

/**
 * The streams with these names, in the source's order.
 *
 * @param names names of streams; `default` stands for those that are not opt-in, `all` for every one. @default default
 * @throws SyncError `UNKNOWN_STREAM`, or `INVALID_OPTION` for an empty list
 */
export function chooseStreams<Shared>(
  source: Pick<Source<Shared>, "name" | "streams">,
  names: readonly string[] = [DEFAULT],
): readonly Stream<Shared>[] {
  const known = streamNames(source as Pick<Source, "streams">);
  for (const name of names) {
    if (known.includes(name)) continue;
    const own = source.streams.map((stream) => stream.name);
    throw new SyncError("UNKNOWN_STREAM", `${source.name} has no stream "${name}". It has: ${own.join(", ")}.`);
  }
  if (names.length === 0) {
    throw new SyncError("INVALID_OPTION", "streams is empty: leave it out to sync the default ones.");
  }
  const chosen = new Set(names);
  return source.streams.filter(
    ({ name, isOptIn }) => chosen.has(name) || chosen.has(ALL) || (chosen.has(DEFAULT) && !isOptIn),
  );
}
