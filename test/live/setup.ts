import type { TestProject } from "vitest/node";
import { findPython, MissingPythonError } from "./servers/python.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Whether real servers can be installed here. */
    readonly live: boolean;
  }
}

/** Finds out whether real servers can run here. Where they are required (`REQUIRE_LIVE`, as in CI), a no is a failure. */
export default async function setup(project: TestProject): Promise<void> {
  let live = true;
  try {
    await findPython();
  } catch (error) {
    if (!(error instanceof MissingPythonError) || process.env.REQUIRE_LIVE) throw error;
    live = false;
    console.warn(
      `\n${"=".repeat(100)}\nSKIPPED: all tests against real servers. ${error.message}\n${"=".repeat(100)}\n`,
    );
  }
  project.provide("live", live);
}
