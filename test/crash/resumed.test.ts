import { beforeAll, describe, expect, test } from "vitest";
import { type StartOptions, startSync, temporaryFile } from "./support/processes.ts";
import { type Kind, startSubject } from "./support/subject.ts";

/** Interrupt in the middle: near the end of Dagster's six pages, one more request would prove the end. */
const times = { airflow: [4, 5, 6], dagster: [3, 4] };

const points = [
  // The batch being stored, what Airflow's streams read ahead, and DAGs of which nothing is stored.
  { point: "saved", again: { airflow: 3, dagster: 1 } },
  { point: "committed", again: { airflow: 2, dagster: 0 } },
] as const;

describe.each(["airflow", "dagster"] as const)(
  "I3: an interrupted first sync of %s resumes in the middle of its history",
  (kind) => {
    let whole: number;
    beforeAll(async () => {
      const { requests, signal } = await historyOf(kind, await startSubject(kind), temporaryFile());
      expect(signal).toBe(null);
      whole = requests;
    });

    test.each(
      points.flatMap(({ point, again }) =>
        (process.env.NIGHTLY ? times[kind] : [4]).map((nth) => ({ point, nth, most: again[kind] })),
      ),
    )("killed at $point, time $nth, it repeats at most $most requests", async ({ point, nth, most }) => {
      const subject = await startSubject(kind);
      const file = temporaryFile();
      const killed = await historyOf(kind, subject, file, { failPoint: `${point}:${nth}` });
      const resumed = await historyOf(kind, subject, file);
      expect([killed.signal, resumed.signal]).toEqual(["SIGKILL", null]);
      expect(killed.requests).toBeGreaterThan(most);
      expect(killed.requests + resumed.requests - whole).toBeLessThanOrEqual(most);
    });
  },
);

/** Runs a sync, and counts its requests for history. */
async function historyOf(
  kind: Kind,
  subject: Awaited<ReturnType<typeof startSubject>>,
  file: string,
  options: StartOptions = {},
) {
  subject.requests.length = 0;
  const { signal } = await startSync(subject, file, options).ended;
  const asked = subject.requests.filter(({ path, body }) =>
    // A list of one row only tells how many there are.
    kind === "airflow"
      ? path.endsWith("/list") && (body as { page_limit: number }).page_limit > 1
      : /query RunsPage/.test((body as { query: string }).query),
  );
  return { signal, requests: asked.length };
}
