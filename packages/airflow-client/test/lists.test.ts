/** Lists: their order, the first n, pages by token, counts, retries. */
import { dagRuns, dags, taskInstances } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { answering, linesOf, type Sent } from "./support/answering.ts";

const path = "/api/v2/dags/~/dagRuns";

/** Runs by offset, as servers before 3.2.2 list them, or by cursor. */
function runs(total: number, { cursors = false, most = 100 } = {}) {
  return ({ address, body }: Sent) => {
    const query = new URLSearchParams(address.split("?")[1]);
    const { page_limit, page_offset } = (body ?? {}) as { page_limit?: number; page_offset?: number };
    const isCursor = cursors && query.has("cursor");
    const start = isCursor ? Number(query.get("cursor")) : (page_offset ?? Number(query.get("offset")));
    const end = Math.min(start + Math.min(page_limit ?? Number(query.get("limit")), most), total);
    const ids = Array.from({ length: end - start }, (_, index) => start + index);
    const dag_runs = ids.map((id) => ({ dag_id: "d", dag_run_id: String(id) }));
    if (isCursor) return { dag_runs, total_entries: null, next_cursor: end < total ? String(end) : null };
    return { dag_runs, total_entries: total };
  };
}

describe("a list", () => {
  test("of the first n in an order is one request", async () => {
    const { client, sent } = answering(runs(250));
    const newest = await dagRuns.list(client, { orderBy: "-run_after", state: ["failed"], first: 20 }).toArray();
    expect(newest).toHaveLength(20);
    expect(linesOf(sent)).toEqual([`GET ${path}?state=failed&order_by=-run_after&limit=20&offset=0`]);
  });

  test("asks for 100 at a time, and goes on from where a lower maximum ended", async () => {
    const { client, sent } = answering(runs(120, { most: 50 }));
    expect(await dagRuns.list(client, { orderBy: "run_after" }).toArray()).toHaveLength(120);
    expect(sent.map(({ address }) => address.split("&").slice(1).join(" "))).toEqual([
      "limit=100 offset=0",
      "limit=100 offset=50",
      "limit=100 offset=100",
    ]);
  });

  test.each([
    ["by cursor", undefined, true, null],
    ["by cursor, the newest id first", "-id", true, null],
    ["by offset on an older server", undefined, false, 250],
    ["by offset in another order", "-run_after", true, 250],
  ] as const)("continues after a page with its token: %s", async (_, orderBy, cursors, total) => {
    const { client, sent } = answering(runs(250, { cursors }));
    const { value: page } = await dagRuns.list(client, { orderBy }).pages()[Symbol.asyncIterator]().next();
    expect(page).toMatchObject({ total, nextPageToken: expect.any(String) });
    const rest = await dagRuns.list(client, { orderBy, pageToken: page.nextPageToken }).toArray();
    expect(rest.map(({ dag_run_id }) => dag_run_id)).toEqual(Array.from({ length: 150 }, (_, at) => String(100 + at)));
    expect(sent).toHaveLength(3);
  });

  test("rejects a token that is not a page's before any request", async () => {
    const { client, sent } = answering(runs(1));
    const error = dagRuns.list(client, { pageToken: "2" }).toArray();
    await expect(error).rejects.toMatchObject({ code: "INVALID_OPTIONS", retryable: false });
    expect(sent).toEqual([]);
  });

  test("is counted in one request", async () => {
    const { client, sent } = answering(runs(250, { cursors: true }));
    expect(await dagRuns.count(client, { state: ["failed"] })).toBe(250);
    expect(linesOf(sent)).toEqual([`GET ${path}?state=failed&order_by=id&limit=1&offset=0`]);
  });

  test("that fails is retried page by page, and continues with the error's token", async () => {
    let failures = 1;
    const server = runs(250, { cursors: true });
    const answer = (sent: Sent) => (sent.address.includes("cursor=100") && failures-- > 0 ? 503 : server(sent));
    const retrying = answering(answer, { retries: 1 });
    expect(await dagRuns.list(retrying.client).toArray()).toHaveLength(250);
    expect(retrying.sent).toHaveLength(4);

    failures = 1;
    const { client } = answering(answer);
    const seen: string[] = [];
    const read = async (pageToken?: string) => {
      for await (const { dag_run_id } of dagRuns.list(client, { pageToken })) seen.push(dag_run_id);
    };
    const error = await read().catch((error: unknown) => error as { pageToken?: string });
    expect(error).toMatchObject({ code: "SERVER_ERROR", pageToken: "c100" });
    await read(error?.pageToken);
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => String(index)));
  });
});

describe("a list over several DAGs", () => {
  test("is one POST, whose order, page and states are in its body", async () => {
    const { client, sent } = answering(runs(250));
    const list = dagRuns.list(client, {
      dags: ["a", { dag_id: "b" }],
      state: ["failed", "none"],
      run_after_gte: new Date(0),
      orderBy: "-run_after",
      first: 2,
    });
    expect(await list.toArray()).toHaveLength(2);
    expect(sent).toEqual([
      {
        method: "POST",
        address: `${path}/list`,
        body: {
          dag_ids: ["a", "b"],
          states: ["failed", null],
          run_after_gte: "1970-01-01T00:00:00.000Z",
          order_by: "-run_after",
          page_limit: 2,
          page_offset: 0,
        },
      },
    ]);
    expect(await list.count()).toBe(250);
  });

  test("looks up those with a tag once, and walks the rest by offset", async () => {
    const server = runs(150);
    const answer = (sent: Sent) =>
      sent.method === "GET" ? { dags: [{ dag_id: "a" }, { dag_id: "b" }], total_entries: 2 } : server(sent);
    const { client, sent } = answering(answer);
    expect(await dagRuns.list(client, { dags: { tags: ["nightly"] } }).toArray()).toHaveLength(150);
    expect(linesOf(sent)).toEqual([
      "GET /api/v2/dags?tags=nightly&limit=100&offset=0",
      `POST ${path}/list`,
      `POST ${path}/list`,
    ]);
    expect(sent[2]?.body).toMatchObject({ dag_ids: ["a", "b"], page_offset: 100 });
  });

  test("looks up its DAGs again each time it is read", async () => {
    const server = runs(1);
    let tagged = ["a"];
    const answer = (sent: Sent) =>
      sent.method === "GET"
        ? { dags: tagged.map((dag_id) => ({ dag_id })), total_entries: tagged.length }
        : server(sent);
    const { client, sent } = answering(answer);
    const list = dagRuns.list(client, { dags: { tags: ["nightly"] } });
    await list.toArray();
    tagged = ["a", "b"];
    await list.toArray();
    expect(sent.at(-1)?.body).toMatchObject({ dag_ids: ["a", "b"] });
  });

  test.each([
    ["no id", { dags: [] }],
    ["no tag", { dags: { tags: [] } }],
    ["a tag that no DAG has", { dags: { tags: ["x"] } }],
    ["no state", { dags: ["a"], state: [] }],
  ])("of %s is empty, and requests no rows", async (_, options) => {
    const { client, sent } = answering(() => ({ dags: [], total_entries: 0 }));
    expect(await dagRuns.list(client, options).toArray()).toEqual([]);
    expect(await taskInstances.list(client, options).count()).toBe(0);
    expect(sent.filter(({ method }) => method === "POST")).toEqual([]);
  });

  test("of task instances", async () => {
    const { client, sent } = answering(() => ({ task_instances: [{ task_id: "t" }], total_entries: 1 }));
    const list = taskInstances.list(client, {
      dags: ["a"],
      task_ids: ["t"],
      state: ["failed"],
      orderBy: "-start_date",
    });
    expect(await list.toArray()).toHaveLength(1);
    expect(linesOf(sent)).toEqual(["POST /api/v2/dags/~/dagRuns/~/taskInstances/list"]);
    expect(sent[0]?.body).toEqual({
      dag_ids: ["a"],
      task_ids: ["t"],
      state: ["failed"],
      order_by: "-start_date",
      page_limit: 100,
      page_offset: 0,
    });
  });
});

test("only requests that read are retried", async () => {
  const { client, sent } = answering(() => 503, { retries: 2 });
  await expect(dagRuns.trigger(client, "d")).rejects.toMatchObject({ code: "SERVER_ERROR" });
  expect(sent).toHaveLength(1);
  await expect(dags.get(client, "d", { retries: 0 })).rejects.toMatchObject({ code: "SERVER_ERROR" });
  expect(sent).toHaveLength(2);
  await expect(dagRuns.list(client, { dags: ["d"] }, { retries: 1 }).toArray()).rejects.toMatchObject({
    retryable: true,
  });
  expect(sent).toHaveLength(4);
});
