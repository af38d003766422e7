import fc from "fast-check";
import { expect, test } from "vitest";
import { type Played, play } from "./dagster-model.ts";
import { beginning, steps } from "./dagster-steps.ts";

const STEPS = Number(process.env.MODEL_STEPS ?? (process.env.NIGHTLY ? 500_000 : 2_500));
const SEED = Number(process.env.MODEL_SEED ?? (process.env.NIGHTLY ? Date.now() % 1_000_000 : 261_121));
/** Time limit at night, in ms. Ends the test even if steps are left. */
const MOST_MS = process.env.MODEL_STEPS ? 6_000_000 : 900_000;
/** Histories between two checks of the number of steps. */
const ROUND = 20;

test("whatever happens to a Dagster, its tables hold only rows that existed, and all that the API shows", async () => {
  const total = { steps: 0, syncs: 0, compared: 0 };
  const startedAt = performance.now();
  const property = fc.asyncProperty(beginning, steps, async (first, all) => {
    const played: Played = await play(first, all);
    for (const key of Object.keys(total) as (keyof Played)[]) total[key] += played[key];
  });
  for (let seed = SEED; total.steps < STEPS && performance.now() - startedAt < MOST_MS; seed += 1) {
    const result = await fc.check(property, { seed, numRuns: ROUND });
    const life = JSON.stringify(result.counterexample);
    const message = `MODEL_SEED=${seed}: ${(result.errorInstance as Error | null)?.message}\n${life}`;
    expect(result.failed, message).toBe(false);
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const { syncs, compared } = total;
  console.log(
    `Dagster: seed ${SEED}, ${total.steps} steps, ${syncs} syncs, ${compared} of them compared, ${seconds} s`,
  );
  expect(compared).toBeGreaterThan(0);
}, 7_200_000);
