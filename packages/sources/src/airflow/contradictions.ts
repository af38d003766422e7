/**
 * The server says in two ways how many runs a DAG has: it counts them by state, and with every list. A table that lacks
 * runs after all was read is right where they went meanwhile. Where the two still disagree, the server, or what stands
 * before it, hides some, and a sync that ended well would say that all is there.
 */
import { differingCounts, numberOfRuns, type RunCounts } from "./doubts.ts";
import type { AirflowSync } from "./shared.ts";

/** Of so many DAGs it is looked after: it is all of them, or none. */
const MOST_ASKED = 3;

/**
 * Tells of a server that contradicts itself.
 *
 * @param stored how many runs the table holds by DAG
 * @param onContradiction told what is wrong
 */
export async function findContradictions(
  airflow: AirflowSync,
  before: RunCounts,
  stored: Parameters<typeof differingCounts>[1],
  onContradiction: (message: string) => void,
): Promise<void> {
  const numbers = new Map([...before.keys()].map((dag) => [dag, numberOfRuns(before, dag)]));
  const lacking = differingCounts(numbers, stored).filter(({ dag, missing }) => missing < 0 && isVisible(airflow, dag));
  for (const { dag } of lacking.slice(0, MOST_ASKED)) {
    const { ask } = airflow.api.dagRuns;
    const listed = async () => (await ask({ dags: [dag] }, 0, { probe: { offset: 0 } })).total;
    // A run that comes or goes in between changes the second number of the list too.
    const first = await listed();
    const counted = numberOfRuns(await airflow.api.runCounts(), dag);
    if (counted > first && (await listed()) === first) {
      onContradiction(
        `Airflow contradicts itself: it counts ${counted} runs of ${dag}, but lists ${first}. The others are not synced. Is there a cache or a proxy in between, or a plugin that changes its answers?`,
      );
    }
  }
}

function isVisible(airflow: AirflowSync, dag: string): boolean {
  return airflow.isVisible({ dags: [dag] });
}
