import type { InstigatorTick } from "@org/dagster-client/sync";
import { batchOf, defineStream, type Position, parsePosition } from "@org/sync-engine/source";
import type { Definitions } from "../definitions.ts";
import type { DagsterSync } from "../shared.ts";
import { type Instigator, tickRow, ticksTable } from "../tables/ticks.ts";
import type { TicksQuestion } from "./api.ts";
import { isSkipped } from "./ask-many.ts";
import { shownFrame } from "./frame.ts";

/** Ticks per schedule or sensor in the first request for it; usually these are all. */
const FIRST_TICKS = 50;
/** The server never lists more. */
const MOST_TICKS = 1000;
/** A tick that did not end within this time, in s, never will: its daemon was stopped. */
const ENDS_WITHIN = 7 * 24 * 3600;
/** Pages end before a time: this much later, in s, the next one contains the last tick of a page again. */
const MOMENT = 0.000_001;

/** The server's bounds are exclusive: this much earlier, in s, for the first tick itself. */
const BEFORE = 0.001;

type TicksState = {
  readonly position: Position | null;
  /** By selector id, in s since 1970: the oldest tick that has not ended, or else the newest. */
  readonly from: { readonly [id: string]: number };
};

/** What is left to read of a schedule or sensor. */
interface Left extends TicksQuestion {
  readonly of: Instigator;
  /** The last tick of the page before. */
  readonly last: string | undefined;
}

/**
 * The ticks of all loaded schedules and sensors. The daemon creates a schedule's ticks in the order of the times at which
 * they were due, which may be long past. So each is read from its own last tick, or from the oldest that had not ended;
 * never from later than the last sync, less the overlap.
 */
export const ticks = defineStream<DagsterSync, typeof ticksTable, TicksState>({
  name: "ticks",
  table: ticksTable,
  revision: 1,
  isOptIn: true,
  needs: ["timestamp", "status"],
  // Retention depends on the status.
  keeps: [{ why: "forgotten", datedBy: "timestamp", per: ["instigator_id", "status"] }],
  sampleBy: "timestamp",
  async *read({ shared, state: stored, stateOf, sampleSince }) {
    const { position: now, definitions } = await shared.before();
    const last = parseTicksState(stored, now);
    const frame = shownFrame(stateOf("runs"), definitions.server.version);
    const overlap = shared.overlapMs / 1000;
    const latest = last.position ? Math.min(last.position.server, now.server) / 1000 : Number.POSITIVE_INFINITY;
    const from = new Map(Object.entries(last.from));
    const afterOf = ({ id }: Instigator) => {
      const since = from.get(id);
      const bound = since === undefined ? undefined : Math.max(0, Math.min(since, latest) - overlap - BEFORE);
      return sampleSince === undefined ? bound : Math.max(bound ?? 0, sampleSince / 1000);
    };
    const state = (position: Position | null): TicksState => ({ position, from: Object.fromEntries(from) });

    const reached = new Map<string, Reach>();
    let left: readonly Left[] = instigatorsOf(definitions).map((of) => ({
      of,
      selector: selectorOf(of),
      after: afterOf(of),
      before: undefined,
      limit: FIRST_TICKS,
      last: undefined,
    }));
    while (left.length > 0) {
      const next: Left[] = [];
      for await (const answers of shared.further.ticks(left)) {
        const rows = answers.flatMap(({ asked, item }) =>
          item.filter((tick) => !isSkipped(tick)).map((tick) => tickRow(tick, asked.of, tick.timestamp - frame)),
        );
        for (const { asked, item } of answers) {
          const { id } = asked.of;
          reached.set(id, reach(item, reached.get(id), frame, now.server / 1000));
          const rest = restOf(asked, item, frame);
          if (rest) next.push(rest);
          // Without any tick, all that come are new, whenever they were due.
          const since = lowest(reached.get(id)) ?? from.get(id);
          if (!rest && since !== undefined) from.set(id, since);
        }
        yield batchOf(ticksTable, { upserts: unique(rows), state: state(last.position) });
      }
      left = next;
    }
    yield { state: state(now) };
  },
});

function instigatorsOf({ schedules, sensors }: Definitions): readonly Instigator[] {
  return [
    ...schedules.map(({ schedule, location }) => ({
      ...location,
      id: schedule.scheduleState.selectorId,
      type: "SCHEDULE" as const,
      name: schedule.name,
    })),
    ...sensors.map(({ sensor, location }) => ({
      ...location,
      id: sensor.sensorState.selectorId,
      type: "SENSOR" as const,
      name: sensor.name,
    })),
  ];
}

function selectorOf({ name, repository, code_location }: Instigator) {
  return { name, repositoryName: repository, repositoryLocationName: code_location };
}

/** What follows a page; undefined if it was the last. */
function restOf(asked: Left, page: readonly InstigatorTick[], frame: number): Left | undefined {
  const last = page.at(-1);
  if (!last || page.length < asked.limit) return undefined;
  // All of it has one time: only a larger page gets beyond it.
  const isStuck = last.tickId === asked.last && (asked.limit === MOST_TICKS || asked.limit === 1);
  const before = last.timestamp - frame + (isStuck ? 0 : MOMENT);
  return { ...asked, before, limit: MOST_TICKS, last: last.tickId };
}

/** The times, in s since 1970, of what was read of a schedule or sensor. */
interface Reach {
  readonly newest: number | undefined;
  readonly oldestOpen: number | undefined;
}

function reach(page: readonly InstigatorTick[], known: Reach | undefined, frame: number, now: number): Reach {
  const times = page.map(({ timestamp }) => timestamp - frame);
  const open = page
    .filter(({ status }) => status === "STARTED")
    .map(({ timestamp }) => timestamp - frame)
    .filter((time) => time > now - ENDS_WITHIN);
  return { newest: most(times, known?.newest), oldestOpen: least(open, known?.oldestOpen) };
}

function lowest(found: Reach | undefined): number | undefined {
  return found?.oldestOpen ?? found?.newest;
}

function most(times: readonly number[], known: number | undefined): number | undefined {
  return times.reduce<number | undefined>((one, other) => Math.max(one ?? other, other), known);
}

function least(times: readonly number[], known: number | undefined): number | undefined {
  return times.reduce<number | undefined>((one, other) => Math.min(one ?? other, other), known);
}

/** A page repeats the last tick of the one before. */
function unique<R extends { readonly instigator_id: string; readonly tick_id: string }>(rows: readonly R[]): R[] {
  return [...new Map(rows.map((row) => [JSON.stringify([row.instigator_id, row.tick_id]), row])).values()];
}

function parseTicksState(value: unknown, now: Position): TicksState {
  const { position, from } = (typeof value === "object" && value ? value : {}) as Record<string, unknown>;
  const found = parsePosition(position, now);
  const entries = Object.entries(typeof from === "object" && from ? from : {});
  const isWhole = entries.every(([, time]) => typeof time === "number");
  // A position that was written by a wrong clock: so may be the times.
  if (!isWhole || (position && !found)) return { position: null, from: {} };
  return { position: found ?? null, from: Object.fromEntries(entries) as TicksState["from"] };
}
