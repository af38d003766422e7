import { describeRange, findPython, MissingPythonError, type PythonRange } from "@org/testkit/servers/find-python";
import { offerDagster } from "@org/testkit/servers/shared-dagster";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The ranges of Python versions that are available here, as named by `describeRange`. */
    readonly pythons: readonly string[];
  }
}

/** The ranges of all servers: the default, those of older versions, and that of the newest. */
const ranges: readonly PythonRange[] = [{}, { before: "3.13" }, { before: "3.12" }, { from: "3.11" }];

/** Checks whether real servers can run here. Fails if not and they are required (`REQUIRE_LIVE`, as in CI). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const found: string[] = [];
  for (const range of ranges) {
    try {
      await findPython(range);
      found.push(describeRange(range));
    } catch (error) {
      if (!(error instanceof MissingPythonError) || process.env.REQUIRE_LIVE) throw error;
      const what = `against servers that run on Python ${describeRange(range)}`;
      console.warn(`\n${"=".repeat(100)}\nSKIPPED: all tests ${what}. ${error.message}\n${"=".repeat(100)}\n`);
    }
  }
  project.provide("pythons", found);
  const dagster = await offerDagster();
  project.provide("sharedDagster", dagster.url);
  return () => dagster.stop();
}
