import { expect, test } from "vitest";
import { startCommand, temporaryFile } from "./support/processes.ts";
import { differencesNow, missingRows, read, readCopy } from "./support/stored.ts";
import { startSubject } from "./support/subject.ts";

// The command reads such a small world in few batches. The last number is that of the commit which stages rows for the
// second time: commits without rows to store do not.
test.each([
  ["airflow", "SIGINT", 130, 2],
  ["dagster", "SIGTERM", 143, 4],
] as const)(
  "a sync of %s that receives %s in the middle of a commit finishes storing it",
  async (kind, signal, code, nth) => {
    const subject = await startSubject(kind);
    const [interrupted, killed] = [temporaryFile(), temporaryFile()];
    const end = await startCommand(subject, interrupted, { failPoint: `staged:2=${signal}` }).ended;
    expect(end.stderr).toContain(`dagsync: stopped by ${signal}. Nothing is lost`);
    expect(end.code).toBe(code);
    await startCommand(subject, killed, { failPoint: `committed:${nth}` }).ended;
    expect(await readCopy(subject, interrupted)).toEqual(await readCopy(subject, killed));
    expect(await missingRows(subject, interrupted)).toEqual([]);
    expect(await startCommand(subject, interrupted).ended).toMatchObject({ code: 0 });
    expect(differencesNow(subject, await read(subject, interrupted))).toEqual([]);
  },
);

test("a second signal ends a hanging sync immediately, and the next sync is correct", async () => {
  const subject = await startSubject("airflow");
  const file = temporaryFile();
  const { child, ended } = startCommand(subject, file, { failPoint: "merged:2=SIGINT+HANG" });
  await new Promise<void>((resolve) => {
    child.stderr?.on("data", (data) => String(data).includes("signalled") && resolve());
    child.on("close", () => resolve());
  });
  // A second signal within a second counts as the same one: npm repeats what the terminal has already sent.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  child.kill("SIGINT");
  // Ended by the signal itself, which shells show as 130: a regular exit would wait for hanging system calls.
  expect(await ended).toMatchObject({ code: null, signal: "SIGINT" });
  expect(await missingRows(subject, file)).toEqual([]);
  expect(await startCommand(subject, file).ended).toMatchObject({ code: 0 });
  expect(differencesNow(subject, await read(subject, file))).toEqual([]);
});
