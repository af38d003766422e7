/** Metrics of opt-in streams. Where a stream is not synced, its families have no series. */
import type { AnswerColumns, AnswerRow, ParameterSet, ParameterValues, Question } from "../question.ts";
import { defineQuestion } from "../question.ts";
import { checkResults } from "../questions/check-results.ts";
import { importErrors } from "../questions/import-errors.ts";
import { schedulerHealth } from "../questions/scheduler-health.ts";
import { tickHealth } from "../questions/tick-health.ts";
import { waitingForPeople } from "../questions/waiting-for-people.ts";
import type { Family } from "./exposition.ts";
import { inOrder } from "./other-states.ts";
import { seconds } from "./pipelines.ts";

/** Answers a question; without its tables there are no rows. */
export type Ask = <P extends ParameterSet, C extends AnswerColumns>(
  question: Question<P, C>,
  parameters?: Partial<ParameterValues<P>>,
) => Promise<readonly AnswerRow<C>[]>;

/** Limits the rows of a kind to the most recent ones. */
export type Keep = <T>(kind: string, rows: readonly T[], last: (row: T) => string) => readonly T[];

/** How full pools are. Not listed among the questions for users. */
const poolState = defineQuestion({
  name: "pool_state",
  sentence: "How full is each pool?",
  tables: ["airflow_pools"],
  parameters: {},
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    name: { type: "text", description: "The pool." },
    slots: { type: "integer", description: "Its slots; -1 for unlimited." },
    occupied: { type: "integer", description: "Those in use." },
  },
  chart: { kind: "table" },
  sql: () =>
    "SELECT pipeline, name, slots, coalesce(occupied_slots, 0) AS occupied FROM airflow_pools WHERE slots IS NOT NULL",
  finish: inOrder,
});

/** More than {@link Keep} keeps. */
const all = { limit: 1_000_000 };

/** @param ask answers as of the last sync */
export async function furtherFamilies(ask: Ask, keep: Keep): Promise<readonly Family[]> {
  const components = (await ask(schedulerHealth)).filter(({ required }) => required);
  const pools = keep("pools", await ask(poolState), ({ occupied }) => String(occupied).padStart(9, "0"));
  const ticking = keep("ticks", await ask(tickHealth, all), ({ last_tick }) => last_tick);
  const checks = keep("asset checks", await ask(checkResults, all), ({ last }) => last);
  const errors = (await ask(importErrors, all)).filter(({ state }) => state === "open");
  const requests = (await ask(waitingForPeople, all)).filter(({ open }) => open > 0);
  const gauge = (name: string, help: string, samples: Family["samples"]): Family => ({
    name,
    type: "gauge",
    help,
    samples,
  });
  const beating = components.filter(({ component }) => component !== "metadatabase");
  const componentOf = ({ orchestrator, pipeline, component }: (typeof components)[number]) => ({
    orchestrator,
    pipeline,
    component,
  });
  const tickOf = ({ pipeline, location, kind, automation }: (typeof ticking)[number]) => ({
    pipeline,
    location,
    kind,
    name: automation,
  });
  return [
    gauge(
      "dagsync_component_up",
      "Whether a component of Airflow or Dagster that is needed was alive at the last sync.",
      components.map((row) => ({
        labels: componentOf(row),
        value: Number(row.state === "healthy" || row.state === "errors"),
      })),
    ),
    gauge(
      "dagsync_component_heartbeat_timestamp_seconds",
      "When the component last reported; 0 for never.",
      beating.map((row) => ({ labels: componentOf(row), value: seconds(row.last_heartbeat) })),
    ),
    gauge(
      "dagsync_pool_slots",
      "Slots of Airflow's pool.",
      pools.map(({ pipeline, name, slots }) => ({
        labels: { pipeline, name },
        value: slots < 0 ? Number.POSITIVE_INFINITY : slots,
      })),
    ),
    gauge(
      "dagsync_pool_occupied_slots",
      "Slots of the pool that were in use at the last sync.",
      pools.map(({ pipeline, name, occupied }) => ({ labels: { pipeline, name }, value: occupied })),
    ),
    gauge(
      "dagsync_consecutive_failed_ticks",
      "Ticks of Dagster's schedule or sensor that failed since the last one that did not.",
      ticking.map((row) => ({ labels: tickOf(row), value: row.streak })),
    ),
    gauge(
      "dagsync_tick_timestamp_seconds",
      "The last tick of the schedule or sensor.",
      ticking.map((row) => ({ labels: tickOf(row), value: seconds(row.last_tick) })),
    ),
    gauge(
      "dagsync_asset_check_passed",
      "Whether the last result of Dagster's asset check was a pass.",
      checks.map(({ pipeline, asset, check, state }) => ({
        labels: { pipeline, asset, check },
        value: Number(state === "passed"),
      })),
    ),
    gauge(
      "dagsync_import_error_info",
      "Always 1: a DAG file or code location that cannot be loaded.",
      keep("import errors", errors, ({ last_failed }) => last_failed).map(
        ({ orchestrator, pipeline, bundle, file }) => ({
          labels: { orchestrator, pipeline, bundle: bundle ?? "", file },
          value: 1,
        }),
      ),
    ),
    gauge(
      "dagsync_waiting_for_people",
      "Requests of Airflow's task to which nobody has responded. No series if there are none.",
      keep("waiting tasks", requests, ({ waiting_since }) => waiting_since ?? "").map(
        ({ pipeline, dag, task, open }) => ({
          labels: { pipeline, name: dag, task },
          value: open,
        }),
      ),
    ),
  ];
}
