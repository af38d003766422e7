/**
 * The limit of the history: runs that were due before its floor are not requested. Windows bring those that change, and
 * they stay; but counts, reconciles and scrubs end at the floor. The floor is computed once, when a first sync starts, and
 * stands from then on: a table loses no history with time. Only a longer limit moves it, and what is missing is read.
 */
import type { ReadContext } from "@org/sync-engine/source";
import { floorAt } from "../floor.ts";
import { timestampOf } from "../timestamp.ts";
import type { AirflowScope } from "./scope.ts";
import type { TableState } from "./state.ts";

/**
 * The floor of a sync. A first sync in progress follows the option, but keeps what it has stored already. Later on the
 * floor is the stored one.
 *
 * @param sampleSince the limit of a sample, instead of the option's, in ms since 1970
 */
export function floorOf(
  begun: TableState,
  stored: string | undefined,
  { historyMs, sampleSince }: Pick<ReadContext, "historyMs" | "sampleSince">,
): string | undefined {
  if (!("history" in begun)) return stored;
  const { start, before } = begun.history;
  if (sampleSince !== undefined) return timestampOf(sampleSince);
  const floor = historyMs === undefined ? stored : floorAt(start.server, historyMs);
  return floor !== undefined && before !== undefined && before < floor ? before : floor;
}

/** The same scope without runs before the floor. Undefined if nothing is left of it. Runs named by their ids stay. */
export function withinLimit(scope: AirflowScope, floor: string | undefined): AirflowScope | undefined {
  if (floor === undefined || scope.runs) return scope;
  const { from = floor, to } = scope.runAfter ?? {};
  if (to !== undefined && to <= from) return undefined;
  return { ...scope, runAfter: { ...scope.runAfter, from } };
}
