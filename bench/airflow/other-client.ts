/** How long another client waits for the page that people look at most, on an idle server and during a first sync. */
import { setTimeout as sleep } from "node:timers/promises";
import { median, times } from "../measure.ts";
import { type AirflowTarget, tokenOf } from "./target.ts";

const EVERY_MS = 200;
const IDLE_SAMPLES = 20;

export interface OtherClient {
  /** Medians of a request's latency. */
  readonly idleMs: number;
  readonly duringMs: number;
  readonly ratio: number;
}

/** @param work what the other client has to bear */
export async function besideOtherClient(target: AirflowTarget, work: () => Promise<unknown>): Promise<OtherClient> {
  const headers = { authorization: `Bearer ${await tokenOf(target)}` };
  const request = async () => {
    const begun = performance.now();
    await (await fetch(`${target.url}/api/v2/dags?limit=25`, { headers })).arrayBuffer();
    const latencyMs = performance.now() - begun;
    await sleep(EVERY_MS);
    return latencyMs;
  };
  const idle: number[] = [];
  for (let sample = 0; sample < IDLE_SAMPLES; sample += 1) idle.push(await request());
  const during: number[] = [];
  let isOver = false;
  const done = work().finally(() => {
    isOver = true;
  });
  while (!isOver) during.push(await request());
  await done;
  // Again, since a machine that became busier in between would look like the sync's doing.
  for (let sample = 0; sample < IDLE_SAMPLES; sample += 1) idle.push(await request());
  const [idleMs, duringMs] = [median(idle), median(during)];
  return { idleMs: Math.round(idleMs), duringMs: Math.round(duringMs), ratio: times(duringMs, idleMs) };
}
