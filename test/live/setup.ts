import type { TestProject } from "vitest/node";
import { findPython, MissingPythonError } from "./servers/python.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the Python versions that are the first too new for some server, those before which there is one here. */
    readonly pythonBefore: readonly string[];
  }
}

/** The first Python that is too new: for any server, for those of last year, for those of the year before. */
const limits = ["3.14", "3.13", "3.12"];

/** Finds out whether real servers can run here. Where they are required (`REQUIRE_LIVE`, as in CI), a no is a failure. */
export default async function setup(project: TestProject): Promise<void> {
  const found: string[] = [];
  for (const limit of limits) {
    try {
      await findPython(limit);
      found.push(limit);
    } catch (error) {
      if (!(error instanceof MissingPythonError) || process.env.REQUIRE_LIVE) throw error;
      const what =
        limit === limits[0] ? "against real servers" : `against servers that are too old for Python ${limit}`;
      console.warn(`\n${"=".repeat(100)}\nSKIPPED: all tests ${what}. ${error.message}\n${"=".repeat(100)}\n`);
    }
  }
  project.provide("pythonBefore", found);
}
