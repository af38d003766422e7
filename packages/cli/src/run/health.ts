/** A runner's HTTP endpoints: health and metrics. */

import type { RequestListener } from "node:http";
import type { Connection } from "@org/destination/connection";
import { exposition, type Family } from "@org/insights/metrics";
import { type HandledRequest, isKnownHost, type Reply, send } from "@org/insights/serve";
import { countRuns, type RunnerEvent } from "@org/runner";

/** Without a successful round for this long, a runner is unhealthy, in ms. */
const UNHEALTHY_AFTER = 30_000;

/** Tracks the runner's health and its jobs. */
export class Health {
  #roundAt = performance.now();
  #failed = false;
  readonly #running = new Map<string, number>();
  readonly #lastEnd = new Map<string, { readonly at: number; readonly seconds: number; readonly ok: boolean }>();

  /** Call when a round starts. The previous one succeeded, unless an event said otherwise. */
  round(): void {
    if (!this.#failed) this.#roundAt = performance.now();
    this.#failed = false;
  }

  readonly event = (event: RunnerEvent): void => {
    if (event.type === "runner_error") this.#failed = true;
    if (!("run" in event) || event.type === "job_output") return;
    const { name } = event.schedule;
    this.#running.set(name, Math.max(0, (this.#running.get(name) ?? 0) + (event.type === "job_running" ? 1 : -1)));
    if (event.type !== "job_finished" && event.type !== "job_error") return;
    this.#lastEnd.set(name, {
      at: Date.now() / 1000,
      seconds: event.durationMs / 1000,
      ok: event.type === "job_finished",
    });
  };

  get isWell(): boolean {
    return performance.now() - this.#roundAt < UNHEALTHY_AFTER;
  }

  families(counts: Awaited<ReturnType<typeof countRuns>>): Family[] {
    const last = [...this.#lastEnd];
    const ofLast = (value: (end: (typeof last)[number][1]) => number) =>
      last.map(([schedule, end]) => ({ labels: { schedule }, value: value(end) }));
    return [
      gauge("up", "Whether the runner was healthy within the last 30 s.", [{ labels: {}, value: Number(this.isWell) }]),
      gauge(
        "runs",
        "Number of runs in the state, by schedule and state. Runs that ended 90 days ago are deleted.",
        counts.map(({ schedule, state, count }) => ({ labels: { schedule, state }, value: count })),
      ),
      gauge(
        "jobs_running",
        "Number of jobs that this process is running.",
        [...this.#running].map(([schedule, value]) => ({ labels: { schedule }, value })),
      ),
      gauge(
        "last_run_ended_timestamp_seconds",
        "When a run last ended in this process.",
        ofLast(({ at }) => at),
      ),
      gauge(
        "last_run_duration_seconds",
        "How long that run took.",
        ofLast(({ seconds }) => seconds),
      ),
      gauge(
        "last_run_succeeded",
        "Whether it succeeded.",
        ofLast(({ ok }) => Number(ok)),
      ),
    ];
  }
}

const gauge = (name: string, help: string, samples: Family["samples"]): Family => ({
  ...{ name: `dagsync_runner_${name}`, type: "gauge", help, samples },
});

/** Serves `/healthz` and `/metrics`. @param hosts allowed host names, besides localhost and IP addresses */
export function healthHandler(health: Health, connection: Connection, hosts: readonly string[]): RequestListener {
  const answer = async ({ method, url = "", headers }: HandledRequest): Promise<Reply> => {
    const failure = (status: number, message: string): Reply => ({
      status,
      type: "json",
      body: jsonText({ error: message }),
    });
    if (method !== "GET" && method !== "HEAD") return failure(405, "This server is read-only: use GET or HEAD.");
    if (!isKnownHost(headers.host, hosts)) return failure(403, "Host name not allowed: see --allow-host.");
    const [path] = url.split("?");
    if (path === "/healthz")
      return { status: health.isWell ? 200 : 503, type: "json", body: jsonText({ ok: health.isWell }) };
    if (path !== "/metrics") return failure(404, "Not found. Try /healthz or /metrics.");
    return { type: "metrics", body: exposition(health.families(await countRuns(connection).catch(() => []))) };
  };
  return (request, response) => {
    request.resume();
    answer(request)
      .then((reply) => send(request, response, reply))
      .catch(() => response.destroy());
  };
}

const jsonText = (value: object) => `${JSON.stringify(value)}\n`;
