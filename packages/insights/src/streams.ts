/** Says which opt-in streams a question lacks, and how to sync them. */
import type { Question } from "./question.ts";
import { type FoundTables, isOptIn, streamOf, type TableName } from "./tables.ts";

/** A sentence for a question without any of its tables, if their streams are opt-in. */
export function whatToSync({ tables }: Pick<Question, "tables">, found: FoundTables): readonly string[] {
  const lacked = ofSynced(tables, found);
  if (!lacked.every(isOptIn)) return [];
  const streams = lacked.map(streamOf);
  const needed = streams.length === 1 ? `the stream ${streams[0]}` : `one of the streams ${streams.join(", ")}`;
  return [`It needs ${needed}, which ${streams.length === 1 ? "is" : "are"} opt-in: ${howToSync(streams)}.`];
}

/** A sentence for a question that was answered without some tables; undefined if none would improve the answer. */
export function lacking({ betterWith = [] }: Pick<Question, "betterWith">, found: FoundTables): string | undefined {
  const streams = ofSynced(betterWith, found, { only: true })
    .filter((name) => !found.has(name))
    .map(streamOf);
  if (streams.length === 0) return undefined;
  return `More is known with the opt-in ${streams.length === 1 ? "stream" : "streams"} ${streams.join(", ")}: ${howToSync(streams)}.`;
}

function howToSync(streams: readonly string[]): string {
  return `dagsync sync --streams ${["default", ...streams].join(",")}`;
}

/** Only the tables of orchestrators that are synced; all if none is, unless `only`. */
function ofSynced(tables: readonly TableName[], found: FoundTables, { only = false } = {}): readonly TableName[] {
  const orchestrator = (name: TableName) => name.slice(0, name.indexOf("_"));
  const synced = new Set([...found.keys()].map(orchestrator));
  const own = tables.filter((name) => synced.has(orchestrator(name)));
  return own.length > 0 || only ? own : tables;
}
