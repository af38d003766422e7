/**
 * `pnpm dump-specs`: starts the real servers in all versions that the project is tested against, and writes their
 * interfaces to `specs/` as they are committed.
 */
import { writeFile } from "node:fs/promises";
import { startAirflow } from "@org/testkit/servers/airflow";
import { airflowVersions, fabVersion } from "@org/testkit/servers/airflow-versions";
import { dagsterVersions, startDagster } from "@org/testkit/servers/dagster";
import { dumpAirflowSpec } from "./airflow/dump.ts";
import { dumpDagsterSpec } from "./dagster/dump.ts";

const log = (line: string) => console.log(line);

async function write(file: string, text: string): Promise<void> {
  await writeFile(new URL(file, import.meta.url), text);
  log(`Wrote specs/${file}`);
}

for (const { version } of airflowVersions) {
  const airflow = await startAirflow({ log, version });
  try {
    await write(`airflow/${version}.json`, await dumpAirflowSpec(airflow.url));
  } finally {
    await airflow.stop();
  }
}

const fab = await startAirflow({ log, authManager: "fab" });
try {
  await write(`airflow/fab/${fabVersion}.json`, await dumpAirflowSpec(`${fab.url}/auth`));
} finally {
  await fab.stop();
}

for (const { version } of dagsterVersions) {
  const dagster = await startDagster({ log, version });
  try {
    await write(`dagster/${version}.graphql`, await dumpDagsterSpec(dagster.url));
  } finally {
    await dagster.stop();
  }
}
