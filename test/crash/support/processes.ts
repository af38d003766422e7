import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Fixture } from "@org/destination/testing";
import { atEnd } from "@org/testkit/at-end";
import type { FailPoint } from "./fail-points.ts";
import type { Subject } from "./subject.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface StartOptions {
  /** `merged`, `merged:3` or `merged:3=SIGINT`. @default none */
  readonly failPoint?: FailPoint | `${FailPoint}:${number}` | `${FailPoint}:${number}=${string}`;
  /** Shell commands to run first, such as `ulimit -f 100;`. */
  readonly shell?: string;
}

/** A folder that is removed after the test. */
export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "crash-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "orchestration.duckdb");
}

/** Starts one sync in small batches. */
export function startSync({ kind, url }: Pick<Subject, "kind" | "url">, file: string, options: StartOptions = {}) {
  return start([here("sync-process.ts"), file, kind, url], options);
}

/** The same, into any destination. */
export function startSyncTo({ process: there }: Fixture, { kind, url }: Pick<Subject, "kind" | "url">): Running {
  if (!there) throw new TypeError("Other processes cannot open this place.");
  return start([here("sync-process.ts"), JSON.stringify(there), kind, url], {});
}

/** Starts `dagsync sync`. */
export function startCommand({ kind, url }: Pick<Subject, "kind" | "url">, file: string, options: StartOptions = {}) {
  const bin = here("../../../packages/cli/src/bin.ts");
  return start([bin, "sync", "--from", `${kind}:${url}`, "--to", `duckdb:${file}`], options);
}

function start(args: readonly string[], { failPoint, shell }: StartOptions): Running {
  const preload = failPoint ? ["--import", here("fail-points.ts")] : [];
  const command = ["--conditions=@org/source", ...preload, ...args];
  const env = {
    ...process.env,
    AIRFLOW_USERNAME: "admin",
    AIRFLOW_PASSWORD: "admin",
    DAGSYNC_FAILPOINT: failPoint ?? "",
  };
  const child = shell
    ? spawn("sh", ["-c", `${shell} exec "$0" "$@"`, process.execPath, ...command], { env })
    : spawn(process.execPath, command, { env });
  atEnd(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}
