/** The required shape of the responses that the further streams read, like `../answers.ts`. */
import { type Shape, shapes } from "@org/sync-engine/source";
import { member } from "../answers.ts";

const { boolean, count, id, integer, list, nullable, number, object, optional, text } = shapes;

const path = list(text);
const key = object({ path });
const texts = list(text);

/** The aliases of a repeated query. */
function repeated(item: Shape): Shape {
  return (value) => {
    const aliases = typeof value === "object" && value !== null ? Object.keys(value) : [];
    return object(Object.fromEntries(aliases.map((alias) => [alias, item])))(value);
  };
}

const event = object({ __typename: text, runId: text, timestamp: text, partition: optional(text) });
const tick = object({
  tickId: id,
  status: text,
  timestamp: number,
  endTimestamp: optional(number),
  runIds: texts,
  runKeys: texts,
});
const step = object({
  stepKey: text,
  attempts: list(object({ startTime: optional(number), endTime: optional(number) })),
  materializations: list(object({})),
});
const backfill = object({ id, status: text, timestamp: number, endTimestamp: optional(number) });
const backfills = member("PartitionBackfills", { results: list(backfill) });
const execution = object({ id, status: text, timestamp: number, evaluation: optional(object({ timestamp: number })) });
const pool = object({
  concurrencyKey: text,
  slotCount: integer,
  activeSlotCount: count,
  pendingStepCount: count,
  activeRunIds: texts,
  pendingStepRunIds: texts,
});

export const furtherAnswers = {
  overview: object({
    workspace: optional(
      member("Workspace", {
        locationEntries: list(object({ name: text, loadStatus: text, updatedTimestamp: number })),
      }),
    ),
    daemons: optional(
      object({
        daemonHealth: object({
          allDaemonStatuses: list(object({ daemonType: id, required: boolean, lastHeartbeatTime: optional(number) })),
        }),
      }),
    ),
    concurrency: optional(object({ concurrencyLimits: list(pool) })),
    queued: optional(member("Runs", { count })),
    active: optional(member("Runs", { count })),
    backfills: optional(backfills),
    edges: optional(
      list(
        object({
          assetKey: key,
          dependencyKeys: list(key),
          jobNames: texts,
          repository: object({ name: text, location: object({ name: text }) }),
        }),
      ),
    ),
    checks: optional(
      list(object({ assetKey: key, found: member("AssetChecks", { checks: list(object({ name: text })) }) })),
    ),
    events: optional(
      member("AssetConnection", {
        nodes: list(
          object({ key, latestEventSortKey: optional(text), assetObservations: list(object({ timestamp: text })) }),
        ),
      }),
    ),
  }),
  ticks: repeated(member("InstigationState", { ticks: list(tick) })),
  assetEvents: repeated(member("Asset", { history: object({ cursor: text, results: list(event) }) })),
  assetEventsByTime: repeated(member("Asset", { materializations: list(event), observations: list(event) })),
  latestEvents: object({
    assets: member("AssetConnection", {
      nodes: list(
        object({
          key,
          assetMaterializations: list(object({ timestamp: text })),
          assetObservations: list(object({ timestamp: text })),
        }),
      ),
    }),
  }),
  checkExecutions: repeated(list(execution)),
  steps: object({ runs: member("Runs", { results: list(object({ runId: id, stepStats: list(step) })) }) }),
  backfillsPage: object({ backfills }),
  backfillsById: repeated(nullable(member("PartitionBackfill", { id, status: text, timestamp: number }))),
} as const satisfies Readonly<Record<string, Shape>>;
