/** What an older release exported, and an older release's tables exported by this one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "@org/cli";
import { queryDuckdb } from "@org/destination/duckdb";
import { expect, onTestFinished, test } from "vitest";
import { fixture, unpack } from "./places.ts";
import { current, fresh } from "./tables.ts";

async function dagsync(...args: string[]): Promise<string> {
  const written = { stdout: "", stderr: "" };
  const writer = (name: keyof typeof written) => ({
    write(text: string) {
      written[name] += text;
    },
  });
  const code = await main(args, { stdout: writer("stdout"), stderr: writer("stderr"), env: {} });
  expect({ code, stderr: written.stderr }).toEqual({ code: 0, stderr: "" });
  return written.stdout;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "upgrade-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const rows = (file: string) =>
  queryDuckdb(file, `FROM ${current.name} ORDER BY dag_run_id, task_id, map_index, try_number`);

test("an old export is imported, and exported again by this release with the new key", async () => {
  const folder = temporaryFolder();
  const [old, now, first, second] = ["old.ndjson", "now.ndjson", "first.duckdb", "second.duckdb"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  writeFileSync(old, fixture("export.ndjson"));
  await dagsync("state", "import", "--to", `duckdb:${first}`, old);
  const imported = await rows(first);
  expect(imported).toHaveLength(7);
  writeFileSync(now, await dagsync("state", "export", "--to", `duckdb:${first}`));
  await dagsync("state", "import", "--to", `duckdb:${second}`, now);
  const { region_id, region_index } = fresh;
  expect(await rows(second)).toEqual(imported.map((row) => ({ ...row, region_id, region_index })));
  const states = "SELECT stream, version, value FROM _sync_state ORDER BY stream";
  expect(await queryDuckdb(second, states)).toEqual(await queryDuckdb(first, states));
});

test("tables that no sync of this release has touched are exported completely", async () => {
  const place = `sqlite:${unpack("sqlite")}`;
  const lines = (await dagsync("state", "export", "--to", place))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const exported = lines.find(({ table }) => table?.name === current.name).table;
  expect(exported.primaryKey).toEqual(current.primaryKey);
  expect(exported.columns.region_id).toEqual(current.columns.region_id);
  expect(lines.at(-1)).toMatchObject({ type: "end", rows: 10 });
});
