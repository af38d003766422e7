/**
 * The server reports the number of a DAG's runs twice: it counts them by state, and with every list. If a table lacks
 * runs after everything was read, that is right if they have been deleted. If the two numbers still differ, the server,
 * or something in front of it, hides runs, and a successful sync would claim to be complete.
 */
import { differingCounts, numberOfRuns, type RunCounts } from "./doubts.ts";
import type { AirflowSync } from "./shared.ts";

/** The maximum number of DAGs that are checked: either all of them are affected, or none. */
const MOST_ASKED = 3;

/**
 * Reports a server that contradicts itself.
 *
 * @param stored the table's number of runs by DAG
 * @param onContradiction receives what is wrong
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
    // A run created or deleted in between changes the list's second total too.
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
