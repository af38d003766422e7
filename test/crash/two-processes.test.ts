import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { type Running, startCommand, startSync, temporaryFile } from "./support/processes.ts";
import { differencesNow, read } from "./support/stored.ts";
import { type Kind, type Subject, startSubject } from "./support/subject.ts";

const kinds = ["airflow", "dagster"] as const;

/** Starts a sync that the server stalls in the middle, until `release`. */
async function startHeld(kind: Kind, start: typeof startSync) {
  const subject = await startSubject(kind);
  const file = temporaryFile();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let requests = 0;
  const held = new Promise<void>((resolve) => {
    const before = () => {
      resolve();
      return released;
    };
    subject.faults.push({ match: () => ++requests === 5, before });
  });
  const first = start(subject, file);
  await Promise.race([held, first.ended]);
  return { subject, file, first, release };
}

async function expectRefused(subject: Subject, file: string, holder: Running) {
  const { code, stderr } = await startCommand(subject, file).ended;
  expect(stderr).toMatch(new RegExp(`^dagsync: duckdb:${file} is in use by .*\\(process ${holder.child.pid}\\)\\.`));
  expect(code).toBe(75);
}

describe.each(kinds)("two syncs of one pipeline at once: %s", (kind) => {
  test("the second exits with 75 and names the first, which continues", async () => {
    const { subject, file, first, release } = await startHeld(kind, startSync);
    await expectRefused(subject, file, first);
    release();
    expect(await first.ended).toMatchObject({ code: 0, stderr: "" });
    expect(differencesNow(subject, await read(subject, file))).toEqual([]);
  });

  test("if several start at once, all but one are rejected and name that one", async () => {
    const subject = await startSubject(kind);
    const file = temporaryFile();
    const running = [1, 2, 3].map(() => startCommand(subject, file));
    const ended = await Promise.all(running.map((each) => each.ended));
    const pids = running.map(({ child }) => child.pid);
    for (const { code, stderr } of ended.filter((each) => each.code !== 0)) {
      expect(code).toBe(75);
      expect(pids).toContain(Number(/\(process (\d+)\)/.exec(stderr)?.[1]));
    }
    expect(ended.some(({ code }) => code === 0)).toBe(true);
    expect(differencesNow(subject, await read(subject, file))).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("a sync that is suspended and resumed", () => {
  test.each([
    ["airflow", "merged"],
    ["dagster", "saved"],
  ] as const)("of %s, at %s, keeps the file, and loses and duplicates no row", async (kind, point) => {
    const subject = await startSubject(kind);
    const file = temporaryFile();
    const first = startSync(subject, file, { failPoint: `${point}:3=SIGSTOP` });
    while (
      !execFileSync("ps", ["-o", "state=", "-p", String(first.child.pid)])
        .toString()
        .startsWith("T")
    ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    subject.change();
    await expectRefused(subject, file, first);
    first.child.kill("SIGCONT");
    expect(await first.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await startSync(subject, file).ended).toMatchObject({ code: 0, stderr: "" });
    expect(differencesNow(subject, await read(subject, file))).toEqual([]);
  });
});
