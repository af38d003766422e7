import { matchesGlob } from "node:path";

/** Tests of whole programs, and tests too slow for the inner loop: killed processes, pipelines into every destination. */
const system = [
  "packages/*/test/system/**/*.test.ts",
  "test/{crash,invariants,pipelines,upgrade}/**/*.test.ts",
  "test/{backup-example,examples,own-destination,query-examples,start}.test.ts",
];

/** Globs of each tier's test files. A file that matches several belongs to the first. */
export const tiers = {
  packaging: ["test/packaging/**/*.test.ts"],
  live: ["test/live/**/*.test.ts"],
  nightly: ["test/nightly/**/*.test.ts"],
  system,
  unit: [
    "packages/*/test/**/*.test.ts",
    "examples/*/*.test.ts",
    "test/*.test.ts",
    "test/{contract,model}/**/*.test.ts",
  ],
} as const;

/** The tier of a test file, by its path in the checkout. */
export function tierOf(file: string): string {
  const all = Object.entries(tiers);
  return all.find(([, globs]) => globs.some((glob) => matchesGlob(file, glob)))?.[0] ?? "unknown";
}
