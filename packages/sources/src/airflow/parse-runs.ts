import { needsExactNumbers, parseJson } from "@org/destination";

interface Runs {
  readonly dag_runs?: readonly { conf?: unknown }[];
}

/**
 * Parses an answer that lists runs, the numbers in their conf as the server wrote them: what somebody triggers a run with
 * may be an id of twenty digits. Where there are none, it costs a look at the confs.
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

/** Those of an answer whose shape nobody has looked at. */
function runsOf(data: unknown): NonNullable<Runs["dag_runs"]> {
  const runs = (data as Runs | null)?.dag_runs;
  return Array.isArray(runs) ? runs : [];
}
