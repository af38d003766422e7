import {
  type AirflowClient,
  AirflowError,
  connections,
  dagRuns,
  dags,
  pools,
  taskInstances,
  users,
} from "@org/airflow-client";
import { expect, onTestFinished, test, vi } from "vitest";

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

test("wait continues through retryable errors, and ends with the run", async () => {
  const { client, calls } = clientOf({ state: "queued" }, error("SERVER_ERROR", true), { state: "failed" });
  expect(await dagRuns.wait(client, run, { intervalMs: 1 })).toEqual({ state: "failed" });
  expect(calls).toHaveLength(3);
  const gone = clientOf(error("NOT_FOUND", false));
  await expect(dagRuns.wait(gone.client, run, { intervalMs: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("wait asks a last time at its deadline and ends with DEADLINE_EXCEEDED, or at once with the signal's reason", async () => {
  const { client, calls } = clientOf({ state: "running" });
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const late = dagRuns.wait(client, run, { intervalMs: 300, deadlineMs: 450 });
  await Promise.all([
    expect(late).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: expect.stringContaining("run r of d"),
    }),
    vi.advanceTimersByTimeAsync(450),
  ]);
  vi.useRealTimers();
  // At once, after 300 ms, and a last time after 450 ms.
  expect(calls).toHaveLength(3);
  const controller = new AbortController();
  const waiting = dagRuns.wait(client, run, { intervalMs: 600_000 }, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 5);
  await expect(waiting).rejects.toThrow("enough");
});

test("the client's own signal ends waits between calls at once, with its reason", async () => {
  for (const wait of [
    (client: AirflowClient) => dagRuns.wait(client, run, { intervalMs: 600_000 }),
    (client: AirflowClient) =>
      taskInstances.logs(client, { ...run, taskId: "t" }, { tryNumber: 1, intervalMs: 600_000 }).next(),
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

/** The lines of the first attempt's log; the task is in these states, one after the other, whenever that is asked. */
async function readThrough(states: readonly object[], ...answers: readonly unknown[]): Promise<string[]> {
  const events: string[] = [];
  const logs = clientOf(...answers).client;
  const tasks = clientOf(...states).client;
  const GET = (path: string) => (path.endsWith("{try_number}") ? logs : tasks).GET(path as never, {} as never);
  const client = { GET } as unknown as AirflowClient;
  for await (const { event } of taskInstances.logs(client, { ...run, taskId: "t" }, { tryNumber: 1, intervalMs: 1 })) {
    events.push(event);
  }
  return events.filter((event) => event.startsWith("line"));
}
const read = (...answers: readonly unknown[]) => readThrough([{ state: "success", try_number: 1 }], ...answers);

test("following a log yields it line by line, whether the server continues or starts over", async () => {
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

test("following a log starts before its attempt does, through a reschedule, to its end", async () => {
  const states = [
    { state: null, try_number: 0 },
    { state: "queued", try_number: 1 },
    { state: "up_for_reschedule", try_number: 1 },
    { state: "success", try_number: 1 },
  ];
  // Airflow knows no log of an attempt that has not begun, and while a task waits it has nothing to say of it.
  const none = error("NOT_FOUND", false);
  const nothing = { content: [{ event: "line that says that there is no log" }], continuation_token: null };
  const begun = { content: [...header, line(1)], continuation_token: "a" };
  const rescheduled = { content: [line(2)], continuation_token: null };
  const running = { content: [...header, line(1), line(2), line(3)], continuation_token: "b" };
  const ended = { content: [line(4)], continuation_token: null };
  const lines = await readThrough(states, none, nothing, begun, rescheduled, running, ended);
  expect(lines).toEqual(["line 1", "line 2", "line 3", "line 4"]);
});

test.each([
  ["has ended", { state: "failed", try_number: 1 }],
  ["waits for its next attempt", { state: "up_for_retry", try_number: 1 }],
  ["was cleared", { state: null, try_number: 1 }],
  ["is in a later attempt", { state: "running", try_number: 2 }],
])("following an attempt's log ends when the task %s, with the lines until then", async (_, state) => {
  const before = { content: [...header, line(1)], continuation_token: null };
  const after = { content: [...header, line(1), line(2)], continuation_token: null };
  expect(await readThrough([state], before, after)).toEqual(["line 1", "line 2"]);
});

test("an attempt that never comes has no log", async () => {
  const none = error("NOT_FOUND", false);
  await expect(readThrough([{ state: "failed", try_number: 1 }], none)).rejects.toBe(none);
  await expect(readThrough([none], none)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a log that is not followed ends with what exists", async () => {
  const { client, calls } = clientOf({ content: [line(1)], continuation_token: "more" });
  const lines = [];
  for await (const each of taskInstances.logs(client, { ...run, taskId: "t" }, { tryNumber: 1, follow: false }))
    lines.push(each);
  expect(lines).toEqual([line(1)]);
  expect(calls).toHaveLength(1);
});

test("a list yields items, and pages, and sends new requests each time", async () => {
  const { client, calls } = clientOf({ dags: [{ dag_id: "a" }, { dag_id: "b" }], total_entries: 2 });
  const list = dags.list(client, { pageSize: 2, tags: ["x"] });
  const ids = [];
  for await (const { dag_id } of list) ids.push(dag_id);
  for await (const { items, total } of list.pages()) ids.push(items.length, total);
  expect(ids).toEqual(["a", "b", 2, 2]);
  expect(calls.map(({ init }) => init.params?.query)).toEqual([
    { limit: 2, tags: ["x"], offset: 0 },
    { limit: 2, tags: ["x"], offset: 0 },
  ]);
});

test("a log whose tokens the server fails on is read again from the start, and eventually ends with an error", async () => {
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

test("a group of the task's own is not mistaken for the lines that say where the log was found", async () => {
  const group = [{ event: "::group::Post Execute" }, line(2), { event: "::endgroup::" }];
  const first = { content: [...header, line(1)], continuation_token: "a" };
  expect(await read(first, { content: group, continuation_token: null })).toEqual(["line 1", "line 2"]);
});

test("in a list, an empty list of values is a filter that nothing matches", async () => {
  const { client, calls } = clientOf({ dags: [{ dag_id: "a" }], total_entries: 1 });
  for await (const _ of dags.list(client, { tags: [] })) expect.unreachable("it lists what nobody asked for");
  expect(await Array.fromAsync(dags.list(client, { tags: [] }).pages())).toEqual([
    { items: [], nextPageToken: null, total: 0 },
  ]);
  expect(await dags.list(client, { tags: [] }).count()).toBe(0);
  expect(calls).toEqual([]);
});

test("an update names the fields that are set, and not those that are undefined", async () => {
  const sent: unknown[] = [];
  const PATCH = async (_: string, { body, params }: { body: object; params: { query: object } }) => {
    sent.push([JSON.parse(JSON.stringify(body)), params.query]);
    return { data: {} };
  };
  const GET = async () => ({ data: { name: "p", slots: 3, include_deferred: false, description: "d" } });
  const client = { GET, PATCH } as unknown as AirflowClient;
  const connection = { connection_id: "c", conn_type: "http" };
  await connections.update(client, { ...connection, host: "h", password: undefined as unknown as null });
  await pools.update(client, "p", { slots: undefined as unknown as null, description: "new" });
  await users.update(client, "u", { email: "e", first_name: undefined as unknown as string });
  expect(sent).toEqual([
    [{ ...connection, host: "h" }, { update_mask: ["conn_type", "host"] }],
    [{ pool: "p", slots: 3, include_deferred: false, description: "new" }, { update_mask: ["description"] }],
    [{ email: "e" }, { update_mask: "email" }],
  ]);
});
