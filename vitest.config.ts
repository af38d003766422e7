import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Packages resolve each other's source, so that no test ever sees a stale build.
const conditions = ["@org/source"];
const resolve = { conditions: [...conditions, "node"] };
const shared = { resolve, ssr: { resolve } };
// Programs that tests start find their sources compiled: that takes a third of a second off each.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL(".cache/compile", import.meta.url));
const nightly = Boolean(process.env.NIGHTLY);

export default defineConfig({
  ...shared,
  test: {
    // Much of the time is spent waiting for servers and child processes; on two cores vitest would use one worker.
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    execArgv: conditions.map((condition) => `--conditions=${condition}`),
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          include: [
            "packages/*/test/**/*.test.ts",
            "test/*.test.ts",
            "test/{contract,pipelines,crash,model,invariants,upgrade}/**/*.test.ts",
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          typecheck: { enabled: true, include: ["packages/*/test/**/*.test-d.ts"], tsconfig: "./tsconfig.json" },
        },
      },
      {
        ...shared,
        test: {
          name: "packaging",
          include: ["test/packaging/**/*.test.ts"],
          globalSetup: "./test/packaging/setup.ts",
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        ...shared,
        test: {
          name: "live",
          include: ["test/live/**/*.test.ts", ...(nightly ? ["test/nightly/**/*.test.ts"] : [])],
          globalSetup: "./test/live/setup.ts",
          testTimeout: 300_000,
          // A server is installed from the network first where it is not in the cache.
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
