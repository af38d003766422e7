/**
 * A program that simulates an Airflow with large runs. Arguments: the number of runs, and the size of each run's conf in
 * bytes. Prints its URL. Confs are generated on demand, all different and incompressible.
 */
import { createEmptyAirflowWorld, minute, startAirflowSimulator } from "@org/simulators/internal";

const [runs, bytes] = process.argv.slice(2).map(Number) as [number, number];
const DAGS = 10;

const world = createEmptyAirflowWorld();
for (let number = 0; number < DAGS; number += 1) {
  const dag = world.addDag({ dagId: `dag_${number}`, tasks: [{ taskId: "a" }] });
  for (let index = 0; index < runs / DAGS; index += 1) {
    const run = world.addRun(dag, { runId: `run_${index}`, runAfter: world.now() - index * minute });
    const seed = number * runs + index + 1;
    Object.defineProperty(run, "conf", { get: () => ({ text: noise(bytes, seed) }) });
    world.finishRun(run);
  }
}
world.advance(3_600_000);

/** Pseudo-random printable characters, always the same for a seed. */
function noise(length: number, seed: number): string {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    // Four characters from 0x30 to 0x4f, none of which JSON escapes.
    words[index] = (state & 0x1f1f1f1f) + 0x30303030;
  }
  return Buffer.from(words.buffer).toString("latin1").slice(0, length);
}

const { url } = await startAirflowSimulator({ world });
process.stdout.write(`${url}\n`);
