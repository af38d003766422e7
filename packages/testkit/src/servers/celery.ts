/** Airflow with the CeleryExecutor: Redis as its broker, and workers that can be killed. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AirflowServer, type StartAirflowOptions, startAirflow } from "./airflow.ts";
import { airflowWithFab, newestAirflow } from "./airflow-versions.ts";
import { removeFolderSync } from "./on-exit.ts";
import { freePort, type Service, startService, waitUntil } from "./processes.ts";

/** The versions that there is a lock file with Celery for. */
export const airflowsWithCelery = ["3.0.6", "3.1.8", airflowWithFab, newestAirflow] as const;

/** Whether this machine has Redis: Debian's `redis-server`. */
export function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export interface CeleryOptions extends Pick<StartAirflowOptions, "log" | "dagsFolder" | "env"> {
  /** One of {@link airflowsWithCelery}. */
  readonly version: string;
  readonly workers: number;
  /** Tasks of a worker at once. */
  readonly concurrency: number;
}

export interface CeleryServer extends AirflowServer {
  readonly workers: readonly Service[];
  /** The index of a worker that runs a process with this text in its command line; -1 if none does. Linux only. */
  workerRunning(text: string): number;
}

/** The variable by which a process shows whose it is. */
const MARK = "TESTKIT_CELERY_WORKER";

/** A real Airflow whose tasks are run by Celery workers. Ready when all of them are. */
export async function startCelery(options: CeleryOptions): Promise<CeleryServer> {
  const { log, version, workers: count, concurrency } = options;
  const folder = await mkdtemp(join(tmpdir(), "redis-"));
  const port = await freePort();
  log(`Starting Redis on port ${port}`);
  const where = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder];
  const redis = startService("redis-server", [...where, "--save", "", "--appendonly", "no"]);
  const workers: Service[] = [];
  const stop = async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await redis.stop();
    removeFolderSync(folder);
  };
  try {
    const address = `redis://127.0.0.1:${port}`;
    const env = {
      AIRFLOW__CORE__EXECUTOR: "CeleryExecutor",
      AIRFLOW__CORE__PARALLELISM: "64",
      AIRFLOW__CELERY__BROKER_URL: `${address}/0`,
      AIRFLOW__CELERY__RESULT_BACKEND: `${address}/1`,
      AIRFLOW__CELERY__WORKER_CONCURRENCY: String(concurrency),
      ...options.env,
    };
    const venv = `airflow-celery-${version}`;
    const server = await startAirflow({ ...options, venv, env, scheduler: true });
    try {
      log(`Starting ${count} Celery workers`);
      for (let index = 1; index <= count; index += 1) {
        const own = { AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT: String(await freePort()), [MARK]: String(index) };
        workers.push(server.background(["celery", "worker", "--celery-hostname", `w${index}@%h`], own));
      }
      for (const worker of workers) {
        const isReady = async () => / ready\./.test(worker.tail());
        await waitUntil("a Celery worker", isReady, [worker], { deadlineMs: 300_000 });
      }
      return {
        ...server,
        workers,
        workerRunning: (text) => markOf(text) - 1,
        stop: async () => {
          await stop();
          await server.stop();
        },
      };
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The mark of a process with this text in its command line; 0 if there is none. */
function markOf(text: string): number {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text)) continue;
      const [, mark] = new RegExp(`(?:^|\0)${MARK}=(\\d+)`).exec(readFileSync(`/proc/${pid}/environ`, "utf8")) ?? [];
      if (mark !== undefined) return Number(mark);
    } catch {
      // The process has ended.
    }
  }
  return 0;
}
