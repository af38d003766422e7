import fc from "fast-check";
import { expect, test } from "vitest";
import { type Played, play } from "./dagster-model.ts";
import { beginning, steps } from "./dagster-steps.ts";

const wanted = Number(process.env.MODEL_STEPS ?? (process.env.NIGHTLY ? 500_000 : 2_500));
const seed = Number(process.env.MODEL_SEED ?? (process.env.NIGHTLY ? Date.now() % 2 ** 31 : 20_261_121));

test("I1-I9: whatever happens to a Dagster, its tables hold nothing that never was, and what it shows", async () => {
  const total = { steps: 0, syncs: 0, compared: 0 };
  const started = performance.now();
  await fc.assert(
    fc.asyncProperty(beginning, steps, async (first, all) => {
      const played: Played = await play(first, all);
      for (const key of Object.keys(total) as (keyof Played)[]) total[key] += played[key];
    }),
    { seed, numRuns: Math.ceil(wanted / 60) },
  );
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `Dagster's model: seed ${seed}, ${total.steps} steps, ${total.syncs} syncs, ${total.compared} compared, ${seconds} s`,
  );
  expect(total.compared).toBeGreaterThan(0);
}, 3_600_000);
