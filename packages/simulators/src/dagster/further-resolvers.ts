/** The fields that only further streams ask for, of the simulated server. */
import type { Instant } from "../time.ts";
import type { SimulatedAssetEvent, SimulatedBackfill, SimulatedCheckExecution, SimulatedTick } from "./further.ts";
import { assetId, finalRunStatuses, type SimulatedDagsterRun } from "./records.ts";
import type { DagsterWorld } from "./world.ts";

const seconds = (instant: Instant) => instant / 1_000_000;
const milliseconds = (instant: Instant) => Math.floor(instant / 1000);

interface Bounds {
  readonly limit?: number | null;
  readonly cursor?: string | null;
}

/** The root's fields. */
export function furtherRoot(world: DagsterWorld, python: (className: string, message: string) => object) {
  const { further } = world;
  const backfills = () => further.backfills.toReversed();
  return {
    instance: () => instanceOf(world),
    instigationStateOrError: ({ instigationSelector: where }: { instigationSelector: InstigationSelector }) => {
      const location = world.locations.get(where.repositoryLocationName);
      if (location?.state !== "loaded")
        return python("DagsterCodeLocationNotFoundError", "The location is not loaded.");
      const found = [...location.schedules, ...location.sensors].find(({ name }) => name === where.name);
      if (!found) return { __typename: "InstigationStateNotFoundError", name: where.name, message: "There is none." };
      return { __typename: "InstigationState", ticks: (input: TicksInput) => ticksOf(world, found.selectorId, input) };
    },
    partitionBackfillsOrError: ({ cursor, limit }: Bounds) => {
      const all = backfills();
      const start = cursor ? all.findIndex(({ id }) => id === cursor) + 1 : 0;
      return {
        __typename: "PartitionBackfills",
        results: all.slice(start, start + (limit || all.length)).map(backfillDocument),
      };
    },
    partitionBackfillOrError: ({ backfillId }: { backfillId: string }) => {
      const found = further.backfills.find(({ id }) => id === backfillId);
      return found
        ? backfillDocument(found)
        : { __typename: "BackfillNotFoundError", message: `No backfill ${backfillId}.` };
    },
    assetCheckExecutions: ({
      assetKey,
      checkName,
      cursor,
      limit,
    }: Bounds & { assetKey: { path: string[] }; checkName: string }) =>
      further.checks
        .filter(({ path, name }) => assetId(path) === assetId(assetKey.path) && name === checkName)
        .filter(({ id }) => !cursor || id < Number(cursor))
        .sort((one, other) => other.id - one.id)
        .slice(0, limit ?? undefined)
        .map(executionDocument),
  };
}

interface InstigationSelector {
  readonly name: string;
  readonly repositoryLocationName: string;
}

interface TicksInput {
  readonly afterTimestamp?: number | null;
  readonly beforeTimestamp?: number | null;
  readonly limit?: number | null;
}

function ticksOf(world: DagsterWorld, selectorId: string, { afterTimestamp, beforeTimestamp, limit }: TicksInput) {
  return (world.further.ticks.get(selectorId) ?? [])
    .filter(
      ({ at }) =>
        (!afterTimestamp || seconds(at) > afterTimestamp) && (!beforeTimestamp || seconds(at) < beforeTimestamp),
    )
    .sort((one, other) => other.at - one.at)
    .slice(0, limit || undefined)
    .map(tickDocument);
}

function tickDocument({ tickId, at, endedAt, error, ...tick }: SimulatedTick) {
  return {
    ...tick,
    tickId: String(tickId),
    timestamp: seconds(at),
    endTimestamp: endedAt === null ? null : seconds(endedAt),
    error: error === null ? null : { __typename: "PythonError", message: error, className: "ValueError", causes: [] },
  };
}

/** What an asset's node and its events add to what `resolvers.ts` knows of it. */
export function eventsOf(world: DagsterWorld, path: readonly string[]) {
  const all = () => world.further.events.filter((event) => assetId(event.path) === assetId(path)).toReversed();
  const of = (type: SimulatedAssetEvent["type"]) => all().filter((event) => event.type === type);
  return {
    latestEventSortKey: () => of("MATERIALIZATION")[0]?.number.toString() ?? null,
    assetObservations: (input: EventsInput) => between(of("OBSERVATION"), input).map(eventDocument),
    /** Of worlds with a history. */
    history: (input: EventsInput) => between(of("MATERIALIZATION"), input).map(eventDocument),
    assetEventHistory: ({ cursor, limit }: Bounds) => {
      const before = cursor ? cursorNumber(cursor) : Number.POSITIVE_INFINITY;
      const page = all()
        .filter(({ number }) => number < before)
        .slice(0, limit || undefined);
      return { cursor: cursorOf(page.at(-1)?.number ?? -1), results: page.map(eventDocument) };
    },
  };
}

interface EventsInput {
  readonly afterTimestampMillis?: string | null;
  readonly beforeTimestampMillis?: string | null;
  readonly limit?: number | null;
}

function between(
  events: readonly SimulatedAssetEvent[],
  { afterTimestampMillis: after, beforeTimestampMillis: before, limit }: EventsInput,
) {
  const isIn = ({ at }: SimulatedAssetEvent) =>
    (!after || at / 1000 > Number(after)) && (!before || at / 1000 < Number(before));
  return events.filter(isIn).slice(0, limit || undefined);
}

function cursorOf(value: number): string {
  return Buffer.from(JSON.stringify({ type: "STORAGE_ID", value })).toString("base64");
}

function cursorNumber(cursor: string): number {
  return (JSON.parse(Buffer.from(cursor, "base64").toString()) as { value: number }).value;
}

function eventDocument({ type, path, runId, at, partition, description }: SimulatedAssetEvent) {
  return {
    __typename: type === "MATERIALIZATION" ? "MaterializationEvent" : "ObservationEvent",
    runId,
    timestamp: String(milliseconds(at)),
    partition,
    stepKey: null,
    description,
    metadataEntries: [],
    tags: [],
    assetKey: { path },
  };
}

/** The checks that an asset has: those that were executed. */
export function checksOf(world: DagsterWorld, path: readonly string[]) {
  const names = new Set(
    world.further.checks.flatMap((check) => (assetId(check.path) === assetId(path) ? check.name : [])),
  );
  return { __typename: "AssetChecks", checks: [...names].map((name) => ({ name })) };
}

function executionDocument({ id, runId, status, at, description }: SimulatedCheckExecution) {
  const isResult = status === "SUCCEEDED" || status === "FAILED";
  const result = {
    timestamp: seconds(at),
    severity: "ERROR",
    description,
    metadataEntries: [],
    targetMaterialization: null,
  };
  return {
    id: String(id),
    runId,
    status,
    timestamp: seconds(at),
    stepKey: null,
    partition: null,
    evaluation: isResult ? result : null,
  };
}

function backfillDocument({ id, status, at, endedAt }: SimulatedBackfill) {
  return {
    __typename: "PartitionBackfill",
    id,
    status,
    isAssetBackfill: true,
    partitionNames: ["2026-01-01"],
    partitionSetName: null,
    assetSelection: null,
    numPartitions: 1,
    timestamp: seconds(at),
    endTimestamp: endedAt === null ? null : seconds(endedAt),
    title: null,
    description: null,
    user: null,
    fromFailure: false,
    tags: [],
    error: null,
  };
}

/** The field `stepStats` of a run. */
export function stepsOf(world: DagsterWorld, run: SimulatedDagsterRun) {
  if (!finalRunStatuses.has(run.status)) return [];
  return (world.further.steps.get(run.runId) ?? []).map(({ stepKey, status, attempts }) => {
    const times = attempts.map(({ start, end }) => ({
      startTime: seconds(start),
      endTime: end === null ? null : seconds(end),
    }));
    const [first, last] = [times[0], times.at(-1)];
    return {
      stepKey,
      status,
      startTime: first?.startTime ?? null,
      endTime: last?.endTime ?? null,
      attempts: times,
      materializations: [],
    };
  });
}

function instanceOf({ further, clock }: DagsterWorld) {
  return {
    daemonHealth: {
      allDaemonStatuses: [...further.heartbeats].map(([daemonType, at]) => ({
        daemonType,
        required: true,
        healthy: clock.now() * 1000 - at < 60_000_000,
        lastHeartbeatTime: seconds(at),
        lastHeartbeatErrors: [],
      })),
    },
    runQueueConfig: { maxConcurrentRuns: 10, tagConcurrencyLimitsYaml: null },
    concurrencyLimits: further.pools.map(({ name, slots, active, pending }) => ({
      concurrencyKey: name,
      slotCount: slots,
      activeSlotCount: active,
      activeRunIds: [],
      pendingStepCount: pending,
      pendingStepRunIds: [],
    })),
  };
}
