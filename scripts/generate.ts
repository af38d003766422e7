/**
 * Generates both clients' code from specs/, the lists of differences between server versions, and the JSON Schemas of
 * dagsync.yaml and runner.yaml. With `--check`, writes nothing; the exit code says whether the committed files are current.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { generated as generatedAirflow } from "../packages/airflow-client/generate.ts";
import { configJsonSchema } from "../packages/cli/src/config/schema.ts";
import {
  errorTypenames as dagsterErrors,
  schemaFile as dagsterSchema,
  generate as generateDagster,
} from "../packages/dagster-client/generate.ts";
import { runnerJsonSchema } from "../packages/runner/src/file/runner-schema.ts";
import { generated as generatedSimulators } from "../packages/simulators/generate.ts";
import { airflowVersionsTable } from "../specs/airflow/versions.ts";
import { dagsterSince, dagsterVersionsTable } from "../specs/dagster/versions.ts";

const files = [
  ...Object.entries(generatedAirflow).map(([name, generate]) => ({
    path: `packages/airflow-client/src/generated/${name}`,
    generate,
  })),
  { path: "packages/dagster-client/src/generated/operations.ts", generate: generateDagster },
  { path: "packages/dagster-client/src/generated/error-typenames.ts", generate: dagsterErrors },
  { path: "packages/dagster-client/src/generated/since.ts", generate: dagsterSince },
  { path: "packages/dagster-client/schema.graphql", generate: dagsterSchema },
  ...Object.entries(generatedSimulators).map(([name, generate]) => ({
    path: `packages/simulators/src/generated/${name}`,
    generate,
  })),
  { path: "packages/cli/schema/dagsync.schema.json", generate: configJsonSchema },
  { path: "packages/runner/schema/runner.schema.json", generate: runnerJsonSchema },
  { path: "specs/airflow/VERSIONS.md", generate: airflowVersionsTable },
  { path: "specs/dagster/VERSIONS.md", generate: dagsterVersionsTable },
];

for (const { path, generate } of files) {
  const file = new URL(`../${path}`, import.meta.url);
  const text = await generate();
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${path} is out of date. Run "pnpm generate" and commit the result.`);
    process.exitCode = 1;
  }
}
