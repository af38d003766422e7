import { needsExactNumbers, parseJson } from "@org/destination";

interface Runs {
  readonly dag_runs?: readonly { conf?: unknown }[];
}

/**
 * Parses a list of runs, and keeps the exact numbers in their conf, which may contain ids of twenty digits. If there are no
 * such numbers, this only costs a check of the confs.
 */
export function parseRuns(text: string): unknown {
  const data: unknown = JSON.parse(text);
  const runs = runsOf(data);
  if (
    !needsExactNumbers(
      runs.map((run) => run?.conf),
      text,
    )
  )
    return data;
  const exact = runsOf(parseJson(text));
  for (const [index, run] of runs.entries()) if (run?.conf !== undefined) run.conf = exact[index]?.conf;
  return data;
}

/** The runs of an unvalidated response. */
function runsOf(data: unknown): NonNullable<Runs["dag_runs"]> {
  const runs = (data as Runs | null)?.dag_runs;
  return Array.isArray(runs) ? runs : [];
}
