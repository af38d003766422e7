/** Exports into a full disk, which a limit on the size of files imitates: writes fail at the same points. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exportTables, momentText, verifyExports } from "@org/destination/export";
import { describe, expect, test } from "vitest";
import { fill, kinds, readBack, run, runs, stored, temporaryFolder } from "./export-world.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const hour = (number: number) => momentText(Date.UTC(2026, 0, 1, number));

describe.skipIf(process.platform === "win32")("a full disk", () => {
  test.each(["duckdb", "sqlite"] as const)(
    "is named by an export of %s, which resumes once there is space",
    async (kind) => {
      const folder = temporaryFolder();
      const destination = kinds[kind]!(folder);
      // The first file is small, and the second one is larger than the limit however it is compressed.
      const large = Array.from({ length: 100 }, (_, id) =>
        run(id + 1, { created: hour(1), name: randomBytes(4000).toString("base64") }),
      );
      await fill(destination, [run(0, { created: hour(0) }), ...large]);
      const into = join(folder, "to");
      const script = `
      const { ${kind} } = await import("@org/destination/${kind}");
      const { exportTables } = await import("@org/destination/export");
      const { runs } = await import(${JSON.stringify(here("./export-tables.ts"))});
      const from = ${kind}(${JSON.stringify(join(folder, `from.${kind}`))});
      await exportTables(from, { into: ${JSON.stringify(into)}, tables: [runs], rowsPerFile: 1 })
        .catch(({ code, message }) => console.log(code, message));`;
      const node = [process.execPath, "--conditions=@org/source", "--input-type=module", "--eval", script];
      const { stdout, stderr } = spawnSync("sh", ["-c", 'ulimit -f 512; trap "" XFSZ; exec "$@"', "sh", ...node], {
        encoding: "utf8",
        cwd: here("."),
      });
      expect([stdout, stderr]).toEqual([
        expect.stringMatching(
          /^NO_SPACE No space is left in .*\/to\/_exports\/.*Free up space there, and run the same export/,
        ),
        "",
      ]);
      const { exports, unfinished, unexpected } = await verifyExports(into);
      expect([exports, unfinished.length, unexpected]).toEqual([[], 1, []]);
      expect(readdirSync(join(into, "_exports")).filter((name) => name.endsWith(".writing"))).toEqual([]);

      const resumed: boolean[] = [];
      const manifest = await exportTables(destination, {
        ...{ into, tables: [runs], rowsPerFile: 1 },
        onEvent: (event) => event.type === "file-written" && resumed.push(event.resumed),
      });
      expect(resumed).toEqual([true, false]);
      expect(await readBack(into, manifest)).toEqual(await stored(destination));
      expect((await verifyExports(into)).exports.map(({ problems }) => problems)).toEqual([[]]);
    },
  );
});
