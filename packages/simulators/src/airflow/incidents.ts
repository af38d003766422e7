import { day, type Instant, minute } from "../time.ts";
import type { DemoDag } from "./demo-dags.ts";
import type { TaskDefinition } from "./records.ts";

/** The only things that are wrong in a company's Airflow. */
export interface AirflowIncidents {
  /** Fails in every run from a day on. */
  readonly broken: { readonly dagId: string; readonly taskId: string; readonly since: Instant };
  /** Takes twice as long from a day on. */
  readonly slower: { readonly dagId: string; readonly taskId: string; readonly since: Instant };
  /** Fails every other time, and succeeds on a retry. */
  readonly flaky: { readonly dagId: string; readonly taskId: string };
}

/** The incidents at a time: a DAG broke three days before, a task became slower five days before, in UTC. */
export function airflowIncidents(now: Instant): AirflowIncidents {
  const today = now - (now % day);
  return {
    broken: { dagId: "inventory_snapshot", taskId: "snapshot", since: today - 3 * day },
    slower: { dagId: "score_customers", taskId: "score", since: today - 5 * day },
    flaky: { dagId: "ads_spend", taskId: "meta" },
  };
}

/** A task's behaviour: its failure rate, its duration, and how much that varies. */
export interface Behaviour {
  readonly chance: number;
  readonly duration: Instant;
  readonly spread: number;
  /** Whether its last attempt always succeeds. */
  readonly isSaved: boolean;
}

/** So little that no run is an anomaly: each stays within a quarter of any median. */
const usualSpread = 0.1;

/** A failure that is not an incident must be over, so that nothing else is wrong now. */
const lately = 2 * day;

/** @param isLast whether it is the instance that fails, if one does */
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
  const behaviour = { duration: isSlow ? 2 * duration : duration, spread: usualSpread, isSaved: is(flaky) };
  if (is(broken) && at >= broken.since) return { ...behaviour, chance: 1 };
  if (is(flaky)) return { ...behaviour, chance: failing };
  // A retried task is no failed run; other failures are at least some days old.
  return { ...behaviour, chance: retries > 0 || is(broken) || at > now - lately ? 0 : failing };
}
