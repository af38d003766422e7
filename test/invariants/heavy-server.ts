/**
 * A program that is an Airflow whose runs are large. Arguments: how many runs, and how many bytes of conf each of them has.
 * Prints its address. A conf is made when it is asked for, each another one, and none can be compressed.
 */
import { createEmptyAirflowWorld, minute, startAirflowSimulator } from "@org/simulators";

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

/** Printable characters without a pattern, always the same for a seed. */
function noise(length: number, seed: number): string {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    // Four characters from 0x30 to 0x4f, of which JSON escapes none.
    words[index] = (state & 0x1f1f1f1f) + 0x30303030;
  }
  return Buffer.from(words.buffer).toString("latin1").slice(0, length);
}

const { url } = await startAirflowSimulator({ world });
process.stdout.write(`${url}\n`);
