import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "@org/destination/connection";
import { expect, onTestFinished, test } from "vitest";
import { readHistory } from "../../src/state/history.ts";

const here = (name: string) => fileURLToPath(new URL(`../world/${name}`, import.meta.url));

function start(folder: string, killAt?: number): ChildProcess {
  const preloaded = killAt === undefined ? [] : ["--import", here("kill-points.ts")];
  const args = [
    "--conditions=@org/source",
    ...preloaded,
    here("real-runner.ts"),
    join(folder, "state.sqlite"),
    join(folder, "log"),
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...(killAt !== undefined && { KILL_AT: String(killAt) }) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Resolves once this many runs have ended. */
async function finished(child: ChildProcess, count: number): Promise<void> {
  let text = "";
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.split("\n").length > count) return;
  }
}

/** What is wrong with the order of the jobs' log. */
function faultsOf(log: string): string[] {
  const lines = log.trim().split("\n");
  return lines.flatMap((line, index) => {
    if (!line.startsWith("end")) return [];
    // A killed job only has a start. A finished one must have run alone, so its start comes right before its end.
    const isAlone = lines[index - 1] === line.replace("end", "start");
    return isAlone ? [] : [`${line} after ${lines[index - 1]}`];
  });
}

/** The write points of about three seconds. By day, three of them. */
const points = Array.from({ length: 60 }, (_, index) => index + 12).filter(
  (nth) => process.env.NIGHTLY || [18, 23, 31].includes(nth),
);

test.skipIf(process.platform === "win32").each(points)(
  "a process killed with SIGKILL at write %i neither loses nor duplicates a scheduled run",
  async (nth) => {
    const folder = mkdtempSync(join(tmpdir(), "runner-kill-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const killed = start(folder, nth);
    killed.stdout!.resume();
    const [, signal] = await once(killed, "exit");
    expect(signal).toBe("SIGKILL");
    const next = start(folder);
    await finished(next, 6);
    next.kill("SIGTERM");
    await once(next, "exit");
    const connection = await connect(`sqlite:${join(folder, "state.sqlite")}`);
    const history = await readHistory(connection, { limit: 1000 });
    await connection.close();
    const log = existsSync(join(folder, "log")) ? readFileSync(join(folder, "log"), "utf8") : "";
    expect(faultsOf(log)).toEqual([]);
    const slots = Map.groupBy(history, ({ schedule }) => schedule);
    const again: string[] = [];
    for (const [name, runs] of slots) {
      const ordered = runs.map(({ slot }) => slot!).sort((a, b) => a - b);
      expect(ordered, `${name}: one run a second, none missing, none duplicated`).toEqual(
        ordered.map((_, index) => ordered[0]! + index * 1000),
      );
      for (const { slot, state, attempt } of runs) {
        const ends = log.split(`end ${name} ${new Date(slot!).toISOString()}\n`).length - 1;
        if (state === "succeeded") expect(ends, `${name} ${slot}`).toBeGreaterThan(0);
        if (ends > 1) again.push(`${name} ${slot} ran ${ends} times in ${attempt} attempts`);
      }
    }
    // At most the one whose end was not recorded before the kill.
    expect(again.length, again.join()).toBeLessThanOrEqual(1);
  },
);
