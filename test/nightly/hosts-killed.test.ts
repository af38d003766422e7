/** The command, killed right after each state that it writes, and run again by a host that kept what it had read. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { hosted } from "@org/testkit/cli/hosted";
import { hostFolder } from "@org/testkit/hosts/hosts";
import { expect, test } from "vitest";

/** Runs the command until it has written so many states, or to its end. @returns what was read, and how it ended */
async function runUntil(command: string, args: readonly string[], states: number) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? code)),
  );
  let text = "";
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    text += `${line}\n`;
    if (!line.startsWith('{"type":"STATE"')) continue;
    seen += 1;
    if (seen === states) child.kill("SIGKILL");
    if (seen >= states) break;
  }
  child.stdout.resume();
  return { text, how: await ended };
}

test.each([
  { kind: "airflow", withStore: false },
  { kind: "airflow", withStore: true },
  { kind: "dagster", withStore: false },
  { kind: "dagster", withStore: true },
] as const)(
  "a read of $kind that is killed at each state ends with all rows (store: $withStore)",
  {
    timeout: 900_000,
  },
  async ({ kind, withStore }) => {
    const { host, args, differences } = await hosted(kind, "airbyte", { withStore });
    const command = join(hostFolder("airbyte").folder, "dagsync");
    let kills = 0;
    for (let states = 1; ; states += 1) {
      const { text, how } = await runUntil(command, args(), states);
      host.keep(text);
      if (how !== "SIGKILL") {
        expect(how).toBe(0);
        break;
      }
      kills += 1;
    }
    expect(kills).toBeGreaterThan(2);
    expect(differences()).toEqual([]);
  },
);
