import { day, type Instant, minute } from "../time.ts";
import type { DemoDag } from "./demo-dags.ts";
import type { TaskDefinition } from "./records.ts";

/** What is wrong in a company's Airflow where exactly that is known. */
export interface AirflowIncidents {
  /** Fails in every run from a day on. */
  readonly broken: { readonly dagId: string; readonly taskId: string; readonly since: Instant };
  /** Takes twice as long from a day on. */
  readonly slower: { readonly dagId: string; readonly taskId: string; readonly since: Instant };
  /** Fails every other time, and succeeds when it is tried again. */
  readonly flaky: { readonly dagId: string; readonly taskId: string };
}

/** What is wrong at a time: a DAG broke on the day three days before, a task got slower five days before, in UTC. */
export function airflowIncidents(now: Instant): AirflowIncidents {
  const today = now - (now % day);
  return {
    broken: { dagId: "inventory_snapshot", taskId: "snapshot", since: today - 3 * day },
    slower: { dagId: "score_customers", taskId: "score", since: today - 5 * day },
    flaky: { dagId: "ads_spend", taskId: "meta" },
  };
}

/** How a task behaves: how often an attempt fails, how long it takes, and by which share that varies. */
export interface Behaviour {
  readonly chance: number;
  readonly duration: Instant;
  readonly spread: number;
  /** Whether its last attempt succeeds in any case. */
  readonly isSaved: boolean;
}

/** A failure that is no incident must be over, so that nothing is wrong now but what is meant to be. */
const lately = 2 * day;

/** @param isLast whether it is the instance that fails where one does */
export function behaviourOf(
  demo: DemoDag,
  { taskId, duration = minute, retries = 0 }: TaskDefinition,
  {
    at,
    now,
    isLast,
    incidents,
  }: { at: Instant; now: Instant; isLast: boolean; incidents: AirflowIncidents | undefined },
): Behaviour {
  const failing = isLast && demo.failing?.taskId === taskId ? demo.failing.chance : 0.004;
  if (!incidents) return { chance: failing, duration, spread: 0.4, isSaved: false };
  const { broken, slower, flaky } = incidents;
  const is = (one: { readonly dagId: string; readonly taskId: string }) =>
    one.dagId === demo.dagId && one.taskId === taskId;
  const isSlow = is(slower) && at >= slower.since;
  const behaviour = { duration: isSlow ? 2 * duration : duration, spread: 0.15, isSaved: is(flaky) };
  if (is(broken) && at >= broken.since) return { ...behaviour, chance: 1 };
  if (is(flaky)) return { ...behaviour, chance: failing };
  // What is tried again is no failure of a run; what is not, failed some days ago at the latest.
  return { ...behaviour, chance: retries > 0 || is(broken) || at > now - lately ? 0 : failing };
}
