import fc from "fast-check";
import { expect, test } from "vitest";
import { counts, liveThrough } from "./airflow-model.ts";
import { regressions } from "./airflow-regressions.ts";
import { stories } from "./airflow-steps.ts";

const wanted = Number(process.env.MODEL_STEPS ?? (process.env.NIGHTLY ? 500_000 : 2_500));
/** Time limit at night, in ms. Ends the test even if steps are left. */
const MOST_MS = process.env.MODEL_STEPS ? 3_000_000 : 900_000;
const seed = Number(process.env.MODEL_SEED ?? (process.env.NIGHTLY ? Date.now() % 2 ** 31 : 20_261_121));
const MOST_STEPS = 60;
const MOST_LATE_MS = 600_000;

test.each(regressions)("$name", ({ story }) => liveThrough(story));

test("I1-I9: whatever happens to an Airflow, its tables hold only rows that existed, and all that the API shows", async () => {
  const before = { ...counts };
  const startedAt = performance.now();
  await fc.assert(
    fc.asyncProperty(stories(MOST_LATE_MS, MOST_STEPS), (story) => liveThrough(story)),
    { seed, numRuns: Math.ceil(wanted / (MOST_STEPS / 2)), interruptAfterTimeLimit: MOST_MS },
  );
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const [steps, syncs, requests] = [counts.steps - before.steps, counts.syncs - before.syncs, counts.requests];
  console.log(`Airflow's model: seed ${seed}, ${steps} steps, ${syncs} syncs, ${requests} requests, ${seconds} s`);
  expect(syncs).toBeGreaterThan(0);
}, 3_600_000);
