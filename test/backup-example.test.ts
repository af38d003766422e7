/** The nightly backup example, as `dagsync run` starts it, with a test bucket. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { duckdb } from "@org/destination/duckdb";
import { verifyExports } from "@org/destination/export";
import { dagsTable } from "@org/sources/airflow";
import { startFakeS3 } from "@org/testkit/fake-s3";
import { expect, onTestFinished, test } from "vitest";

const example = new URL("../examples/nightly-backup/runner.yaml", import.meta.url);
const bin = fileURLToPath(new URL("../packages/cli/src/bin.ts", import.meta.url));
const execute = promisify(execFile);
const bucket = "s3://warehouse/backups?region=us-east-1";

test("the nightly backup is exported, passes verification, and replaces backups that are past their retention", async () => {
  const folder = mkdtempSync(join(tmpdir(), "backup-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const s3 = await startFakeS3();
  onTestFinished(() => s3.stop());
  const database = join(folder, "orchestration.duckdb");
  const session = await duckdb(database).open({ pipeline: "p" });
  await session.prepare([dagsTable]);
  await session.close();
  const text = readFileSync(example, "utf8");
  expect(text).toContain(bucket);
  const config = join(folder, "runner.yaml");
  const here = text
    .replace("duckdb:orchestration.duckdb", `duckdb:${database}`)
    .replace(bucket, `${bucket}&endpoint=${s3.endpoint}`);
  const backUp = async (yaml: string) => {
    writeFileSync(config, yaml);
    const args = ["run", "--config", config, "--state", `sqlite:${join(folder, "state")}`, "--once", "nightly_backup"];
    const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
    // Rejects with its output if it fails.
    await execute(process.execPath, ["--conditions=@org/source", bin, ...args], { env });
  };
  const options = {
    ...{ endpoint: s3.endpoint, region: "us-east-1" },
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  };
  const verified = () => verifyExports("s3://warehouse/backups", { s3: options });
  await backUp(here);
  const first = (await verified()).exports;
  expect(first.map(({ files, problems }) => [files, problems])).toEqual([[1, []]]);
  await backUp(here);
  expect((await verified()).exports.map(({ id }) => id)).toEqual([first[0]!.id, expect.any(String)]);
  // Every earlier backup is past this retention by the time the next export is written.
  await backUp(here.replace("30d", "0.001s"));
  const left = (await verified()).exports;
  expect(left.map(({ problems }) => problems)).toEqual([[]]);
  expect(left[0]!.id > first[0]!.id).toBe(true);
}, 120_000);
