/** The hosts themselves: Airbyte's Python library, Meltano with its loaders, and a checker of Singer taps. */
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { type Format, messagesIn } from "../cli/tiny-host.ts";
import type { PlainRow } from "../compare.ts";
import { ensureVenv, pythonEnvironment } from "../servers/python.ts";

const run = promisify(execFile);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const versions = {
  airbyte: "0.71.3",
  meltano: "4.4.1",
  "singer-tools": "0.4.1",
  "target-jsonl": "0.1.4",
  "target-duckdb": "0.8.0",
} as const;

type Log = (line: string) => void;

/** What a host calls: the scripts of the examples. */
const scripts = {
  airbyte: here("../../../../examples/airbyte/source-dagsync"),
  singer: here("../../../../examples/meltano/tap-dagsync"),
} as const satisfies Record<Format, string>;

/** A folder that is gone after the test, with the command in it, as an installation would put it on the PATH. */
export function hostFolder(format: Format): { readonly folder: string; readonly executable: string } {
  const folder = mkdtempSync(join(tmpdir(), "host-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const words = [process.execPath, "--conditions=@org/source", here("../../../cli/src/bin.ts")];
  const command = join(folder, "dagsync");
  writeFileSync(command, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(command, 0o755);
  return { folder, executable: scripts[format] };
}

/** An environment that has the command, and in which no host sends anything home, or writes outside of its folder. */
export function hostEnvironment(folder: string): NodeJS.ProcessEnv {
  return {
    ...pythonEnvironment(),
    PATH: `${folder}:${process.env.PATH}`,
    ...{ AIRBYTE_OFFLINE_MODE: "1", DO_NOT_TRACK: "1", MELTANO_SEND_ANONYMOUS_USAGE_STATS: "false" },
    ...{ AIRBYTE_TEMP_DIR: folder, AIRBYTE_LOGGING_ROOT: folder, HOME: folder, TMPDIR: folder },
  };
}

/** Runs `ask_airbyte.py`. */
export async function askAirbyte<T>(folder: string, request: object, log: Log): Promise<T> {
  const { python } = await ensureVenv({ name: `airbyte-${versions.airbyte}`, log });
  const [asked, answer] = [join(folder, "request.json"), join(folder, "answer.json")];
  writeFileSync(asked, JSON.stringify({ ...request, answer }));
  await run(python, [here("ask_airbyte.py"), asked], { cwd: folder, env: hostEnvironment(folder), maxBuffer: 1e9 });
  return JSON.parse(readFileSync(answer, "utf8")) as T;
}

/** What PyAirbyte has after a read. */
export interface AirbyteRead {
  readonly processed: number;
  readonly tables: Readonly<Record<string, readonly PlainRow[]>>;
}

/**
 * Has the checker read what the tap writes, twice, the second time with the state of the first. The checker's own way to
 * run a tap looks at its result before it has read all of it.
 *
 * @returns its reports
 * @throws if it finds anything
 */
export async function checkTap(
  { folder, executable }: { readonly folder: string; readonly executable: string },
  config: string,
  log: Log,
): Promise<readonly string[]> {
  const venv = await ensureVenv({ name: `singer-tools-${versions["singer-tools"]}`, log });
  const state = join(folder, "state.json");
  const reports: string[] = [];
  for (const args of [[], ["--state", state]]) {
    const { stdout } = await run(executable, ["--config", config, ...args], {
      ...{ env: hostEnvironment(folder), maxBuffer: 1e9 },
    });
    const checked = spawnSync(venv.bin("singer-check-tap"), { input: stdout, encoding: "utf8", maxBuffer: 1e9 });
    if (checked.status !== 0) throw new Error(`${checked.stdout}${checked.stderr}`);
    reports.push(checked.stdout);
    const states = messagesIn(stdout).filter(({ type }) => type === "STATE");
    writeFileSync(state, JSON.stringify(states.at(-1)!.value));
  }
  return reports;
}

export type Loader = "target-jsonl" | "target-duckdb";

/** A Meltano project with the tap and a loader, as `examples/meltano` has it. */
export async function meltanoProject(
  { folder, executable, config }: { readonly folder: string; readonly executable: string; readonly config: object },
  loader: Loader,
  log: Log,
  streams: readonly { readonly name: string }[] = [],
) {
  const meltano = await ensureVenv({ name: `meltano-${versions.meltano}`, log });
  const target = await ensureVenv({ name: `${loader}-${versions[loader]}`, log });
  const selected = JSON.stringify(streams.map(({ name }) => `${name}.*`));
  const select = streams.length > 0 ? `\n      select: ${selected}` : "";
  const example = readFileSync(here("../../../../examples/meltano/meltano.yml"), "utf8");
  const changed = example
    .replace("executable: ./tap-dagsync", `executable: ${executable}${select}`)
    .replace(`executable: ${loader}`, `executable: ${target.bin(loader)}`);
  if (!changed.includes(executable) || !changed.includes(target.bin(loader)))
    throw new Error("The example has changed.");
  writeFileSync(join(folder, "meltano.yml"), changed);
  mkdirSync(join(folder, "output"), { recursive: true });
  const settings = Object.entries(config).map(([name, value]) => [`TAP_DAGSYNC_${name.toUpperCase()}`, String(value)]);
  const env = { ...hostEnvironment(folder), ...Object.fromEntries(settings) };
  return {
    /** Runs the pipeline once. @returns what Meltano logged */
    async runOnce(): Promise<string> {
      const { stdout, stderr } = await run(meltano.bin("meltano"), ["run", "tap-dagsync", loader], {
        ...{ cwd: folder, env, maxBuffer: 1e9 },
      });
      return `${stdout}${stderr}`;
    },
    /** The lines that target-jsonl wrote for a stream, oldest first. */
    lines(stream: string): readonly PlainRow[] {
      const files = readdirSync(join(folder, "output")).filter((name) => name.startsWith(`${stream}-`));
      return files
        .sort()
        .flatMap((name) => readFileSync(join(folder, "output", name), "utf8").split("\n"))
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as PlainRow);
    },
    /** The present rows of a table that target-duckdb wrote. */
    async rows(table: string): Promise<readonly PlainRow[]> {
      const script = `import duckdb, json, sys
found = duckdb.connect(sys.argv[1], read_only=True).execute(f"SET TimeZone='UTC'; SELECT * FROM {sys.argv[2]} WHERE _deleted_at IS NULL")
names = [c[0] for c in found.description]
plain = lambda v: v.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if hasattr(v, "strftime") else v
print(json.dumps([{n: plain(v) for n, v in zip(names, row) if not n.startswith("_")} for row in found.fetchall()]))`;
      const { stdout } = await run(
        target.python,
        ["-c", script, join(folder, "output", "orchestration.duckdb"), table],
        {
          maxBuffer: 1e9,
        },
      );
      return JSON.parse(stdout) as PlainRow[];
    },
  };
}
