import { type AirflowClient, AirflowError, dagRuns, dags, taskInstances } from "@org/airflow-client";
import { expect, test } from "vitest";

/** A client whose GET gives these answers one after the other, the last one for ever; an error among them is thrown. */
function clientOf(...answers: readonly unknown[]) {
  const calls: { readonly path: string; readonly init: { readonly params?: { readonly query?: object } } }[] = [];
  const GET = async (path: string, init: object = {}) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    calls.push({ path, init });
    if (answer instanceof Error) throw answer;
    return { data: answer, response: new Response() };
  };
  return { client: { GET } as unknown as AirflowClient, calls };
}

const run = { dagId: "d", dagRunId: "r" };
const error = (code: "SERVER_ERROR" | "NOT_FOUND", retryable: boolean) =>
  Object.assign(new AirflowError({ code, message: code }), { retryable });

test("wait goes on through errors that may pass, and ends with the run", async () => {
  const { client, calls } = clientOf({ state: "queued" }, error("SERVER_ERROR", true), { state: "failed" });
  expect(await dagRuns.wait(client, run, { intervalMs: 1 })).toEqual({ state: "failed" });
  expect(calls).toHaveLength(3);
  const gone = clientOf(error("NOT_FOUND", false));
  await expect(dagRuns.wait(gone.client, run, { intervalMs: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("wait ends with DEADLINE_EXCEEDED before it would wait past its deadline, and with the signal's reason at once", async () => {
  const { client } = clientOf({ state: "running" });
  const late = dagRuns.wait(client, run, { intervalMs: 10, deadlineMs: 50 });
  await expect(late).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
    message: expect.stringContaining("run r of d"),
  });
  const controller = new AbortController();
  const waiting = dagRuns.wait(client, run, { intervalMs: 600_000, signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 5);
  await expect(waiting).rejects.toThrow("enough");
});

test("the client's own signal ends what waits between calls, with its reason, at once", async () => {
  for (const wait of [
    (client: AirflowClient) => dagRuns.wait(client, run, { intervalMs: 600_000 }),
    (client: AirflowClient) => taskInstances.logs(client, { ...run, taskId: "t" }, 1, { intervalMs: 600_000 }).next(),
  ]) {
    const controller = new AbortController();
    const { client } = clientOf({ state: "running", content: [], continuation_token: "a" });
    const waiting = wait({ ...client, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("shut down")), 5);
    await expect(waiting).rejects.toThrow("shut down");
  }
});

const line = (number: number) => ({ event: `line ${number}`, timestamp: `2026-11-21T09:30:0${number}Z` });
const header = [{ event: "::group::Log message source details" }, { event: "a file" }, { event: "::endgroup::" }];

async function read(...answers: readonly unknown[]): Promise<string[]> {
  const events: string[] = [];
  const { client } = clientOf(...answers);
  for await (const { event } of taskInstances.logs(client, { ...run, taskId: "t" }, 1, { intervalMs: 1 })) {
    events.push(event);
  }
  return events.filter((event) => event.startsWith("line"));
}

test("a log that is followed comes line by line, where the server goes on and where it begins anew", async () => {
  const first = { content: [...header, line(1), line(2)], continuation_token: "a" };
  const lines = ["line 1", "line 2", "line 3", "line 4"];
  const goesOn = [
    { content: [], continuation_token: "b" },
    { content: [line(3), line(4)], continuation_token: null },
  ];
  expect(await read(first, ...goesOn)).toEqual(lines);
  // Airflow 3.0.
  const beginsAnew = [
    { content: [line(1), line(2), line(3)], continuation_token: "b" },
    { content: [line(1), line(2), line(3), line(4)], continuation_token: null },
  ];
  expect(await read(first, ...beginsAnew)).toEqual(lines);
  const nothingYet = { content: header, continuation_token: "a" };
  expect(await read(nothingYet, { content: [line(1), line(2)], continuation_token: "b" }, goesOn[1])).toEqual(lines);
  expect(await read({ content: ["line 1", "line 2"], continuation_token: null })).toEqual(["line 1", "line 2"]);
});

test("a log that is not followed ends with what there is", async () => {
  const { client, calls } = clientOf({ content: [line(1)], continuation_token: "more" });
  const lines = [];
  for await (const each of taskInstances.logs(client, { ...run, taskId: "t" }, 1, { follow: false })) lines.push(each);
  expect(lines).toEqual([line(1)]);
  expect(calls).toHaveLength(1);
});

test("a list gives items, and pages, and asks anew each time", async () => {
  const { client, calls } = clientOf({ dags: [{ dag_id: "a" }, { dag_id: "b" }], total_entries: 2 });
  const list = dags.list(client, { limit: 2, tags: ["x"] });
  const ids = [];
  for await (const { dag_id } of list) ids.push(dag_id);
  for await (const { items, total } of list.pages()) ids.push(items.length, total);
  expect(ids).toEqual(["a", "b", 2, 2]);
  expect(calls.map(({ init }) => init.params?.query)).toEqual([
    { limit: 2, tags: ["x"], offset: 0 },
    { limit: 2, tags: ["x"], offset: 0 },
  ]);
});

test("a log whose tokens the server fails with is read again from its beginning, and ends with an error in the end", async () => {
  const whole = (...lines: readonly object[]) => ({ content: [...header, ...lines], continuation_token: "a" });
  const end = { content: [...header, line(1), line(2), line(3)], continuation_token: null };
  const passing = error("SERVER_ERROR", true);
  expect(await read(whole(line(1)), passing, whole(line(1), line(2)), passing, end)).toEqual([
    "line 1",
    "line 2",
    "line 3",
  ]);
  await expect(read(whole(line(1)), passing)).rejects.toBe(passing);
  await expect(read(whole(line(1)), error("NOT_FOUND", false))).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a group of the task's own is not taken for the lines that say where the log was found", async () => {
  const group = [{ event: "::group::Post Execute" }, line(2), { event: "::endgroup::" }];
  const first = { content: [...header, line(1)], continuation_token: "a" };
  expect(await read(first, { content: group, continuation_token: null })).toEqual(["line 1", "line 2"]);
});
