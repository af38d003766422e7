/** Simulates a full disk with a file size limit: writes fail at the same points. */
import { describe, expect, test } from "vitest";
import { startCommand, temporaryFile } from "./support/processes.ts";
import { differencesNow, missingRows, read } from "./support/stored.ts";
import { startSubject } from "./support/subject.ts";

describe.skipIf(process.platform === "win32")("a full disk", () => {
  // In blocks of 512 bytes. Too little for: a new file's headers, creating the tables, the first batches, the last batch.
  test.each([8, 24, 40, 120])(
    "of %i blocks makes the command exit with 2 and say so, and the next sync is right",
    async (blocks) => {
      const subject = await startSubject("airflow");
      const file = temporaryFile();
      const full = await startCommand(subject, file, { shell: `ulimit -f ${blocks}; trap '' XFSZ;` }).ended;
      expect(full.stderr).toMatch(/duckdb:\S+orchestration\.duckdb failed: .*Free up space and try again\./);
      expect(full.code).toBe(2);
      expect(await missingRows(subject, file)).toEqual([]);
      const next = await startCommand(subject, file).ended;
      expect({ code: next.code, stderr: next.stderr.split("\n").filter((line) => /dagsync:/.test(line)) }).toEqual({
        code: 0,
        stderr: [],
      });
      expect(differencesNow(subject, await read(subject, file))).toEqual([]);
    },
  );
});
