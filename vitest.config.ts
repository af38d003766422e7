import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { tiers } from "./scripts/tiers.ts";

// Packages resolve each other's source, so that tests never use a stale build.
const conditions = ["@org/source"];
const resolve = { conditions: [...conditions, "node"] };
const shared = { resolve, ssr: { resolve } };
/** On a busy machine, what takes a moment may take seconds. By default, `expect.poll` gives up after one. */
const patient = { expect: { poll: { timeout: 60_000 } } };
// Caches the compiled sources of programs that tests start, which saves each a third of a second.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL(".cache/compile", import.meta.url));

/** Live tests first: they wait the most, so the others fill the time, and none is left for the end. */
class LiveFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLive = ({ project }: TestSpecification) => project.name === "live";
    const sorted = await super.sort(files);
    return [...sorted.filter(isLive), ...sorted.filter((file) => !isLive(file))];
  }
}

export default defineConfig({
  ...shared,
  test: {
    // One more than there are cores on a small machine, since tests also wait for servers and child processes.
    maxWorkers: Math.max(3, Math.floor(availableParallelism() / 2)),
    sequence: { sequencer: LiveFirst },
    execArgv: conditions.map((condition) => `--conditions=${condition}`),
    projects: [
      {
        ...shared,
        test: {
          ...patient,
          name: "unit",
          globalSetup: "./test/postgres-setup.ts",
          isolate: false,
          setupFiles: "./test/support/shared-worker.ts",
          include: [...tiers.unit],
          exclude: [...tiers.system],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        ...shared,
        test: {
          ...patient,
          name: "system",
          globalSetup: "./test/postgres-setup.ts",
          include: [...tiers.system],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        ...shared,
        test: {
          name: "packaging",
          include: [...tiers.packaging],
          globalSetup: "./test/packaging/setup.ts",
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      ...(["live", "nightly"] as const).map((name) => ({
        ...shared,
        test: {
          ...patient,
          name,
          include: [...tiers[name]],
          globalSetup: "./test/live/setup.ts",
          testTimeout: 300_000,
          // Includes the installation of a server that is not in the cache.
          hookTimeout: 900_000,
        },
      })),
    ],
  },
});
