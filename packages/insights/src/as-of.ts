import type { StoredPipeline, StoredStream } from "@org/destination";
import type { Micros } from "./moments.ts";
import { isFurther, isOptIn, knownTable, type TableName } from "./tables.ts";

/**
 * The time that the tables show: the position of the source's clock at the last sync of the stream that is furthest
 * behind, so that nothing "runs for hours" just because no sync ran. If no stream has a position, the time of the last
 * commit.
 *
 * Opt-in streams may be synced once and never again, so they count only if there are no others, or if the answer is about
 * nothing but their tables.
 *
 * @param tables those that the answer is about
 * @returns undefined if nothing was ever stored
 */
export function asOfOf(
  contents: readonly StoredPipeline[],
  pipelines?: readonly string[],
  tables: readonly TableName[] = [],
): Micros | undefined {
  const all = contents
    .filter(({ pipeline }) => !pipelines || pipelines.includes(pipeline))
    .flatMap((each) => each.streams);
  const about = new Set(tables.every(isOptIn) ? tables : []);
  const counting = all.filter(
    (stream) =>
      stream.tables.length === 0 || stream.tables.some((name) => !isFurther(name) || about.has(knownTable(name)!)),
  );
  return latestOf(counting.length > 0 ? counting : all);
}

/** Until when each pipeline's table is known. Pipelines without it are missing. */
export function knownUntil(contents: readonly StoredPipeline[], table: TableName): ReadonlyMap<string, Micros> {
  const found = contents.flatMap(({ pipeline, streams }): [string, Micros][] => {
    const until = latestOf(streams.filter(({ tables }) => tables.some((name) => knownTable(name) === table)));
    return until === undefined ? [] : [[pipeline, until]];
  });
  return new Map(found);
}

function latestOf(streams: readonly StoredStream[]): Micros | undefined {
  const positions = streams.flatMap(({ state }) => positionOf(state?.value) ?? []);
  if (positions.length > 0) return Math.min(...positions) * 1000;
  const commits = streams.map(({ committedAt }) => Date.parse(committedAt)).filter(Number.isFinite);
  return commits.length > 0 ? Math.max(...commits) * 1000 : undefined;
}

/**
 * In ms since 1970. The engine's states contain it if their stream has one. That of Dagster's runs stays behind while
 * no run ends, and records separately how current the table is.
 */
export function positionOf(value: unknown): number | undefined {
  const data = member(value, "data");
  const known = [member(data, "asOf"), member(member(data, "position"), "server")];
  return known.find((each): each is number => typeof each === "number" && Number.isFinite(each));
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
