import { type AirflowPage, createAirflowClient, paginate } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { json, type Received, serve } from "./support/server.ts";

const runs = "/api/v2/dags/{dag_id}/dagRuns";
const everyDag = { path: { dag_id: "~" } };

const query = ({ url }: Received): Record<string, string> => Object.fromEntries(new URL(url, "http://x").searchParams);
const ids = (count: number) => Array.from({ length: count }, (_, index) => ({ dag_run_id: `r${index}` }));

async function collect<T>(pages: AsyncIterable<AirflowPage<T>>): Promise<AirflowPage<T>[]> {
  const all: AirflowPage<T>[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

/** A server with rows of its own: by cursor like 3.3.2 (`total` counted) or 3.2.2 (not), or by offset like 3.1.8. */
async function airflow(options: {
  rows: object[];
  pageSize: number;
  cursors?: boolean;
  counts?: boolean;
  key?: string;
}) {
  const { rows, pageSize, cursors = false, counts = true, key = "dag_runs" } = options;
  const server = await serve((request, response) => {
    const { cursor, offset = "0", limit = "50" } = query(request);
    const byCursor = cursors && cursor !== undefined;
    const start = Number(byCursor ? cursor : offset);
    const page = rows.slice(start, start + Math.min(pageSize, Number(limit)));
    const end = start + page.length;
    const total = byCursor && !counts ? null : rows.length;
    const tokens = cursors
      ? { next_cursor: byCursor && end < rows.length ? String(end) : null, previous_cursor: null }
      : {};
    json(response, { [key]: page, total_entries: total, ...tokens });
  });
  return { ...server, client: createAirflowClient({ url: server.url }) };
}

describe("by cursor", () => {
  test.each([true, false])("yields every row, in the order of id, with a total: %s", async (counts) => {
    const { client, received } = await airflow({ rows: ids(7), pageSize: 3, cursors: true, counts });
    const pages = await collect(
      paginate(client, runs, { params: { ...everyDag, query: { limit: 100, state: ["failed"] } } }),
    );
    expect(pages.map(({ mode, total, items }) => [mode, total, items.length])).toEqual([
      ["cursor", counts ? 7 : null, 3],
      ["cursor", counts ? 7 : null, 3],
      ["cursor", counts ? 7 : null, 1],
    ]);
    expect(pages.flatMap(({ items }) => items.map((item) => item.dag_run_id))).toEqual(
      ids(7).map((row) => row.dag_run_id),
    );
    expect(received.map(query)).toEqual(
      ["", "3", "6"].map((cursor) => ({ limit: "100", state: "failed", order_by: "id", cursor })),
    );
  });

  test("walks task instances by cursor too", async () => {
    const { client, received } = await airflow({ rows: ids(2), pageSize: 1, cursors: true, key: "task_instances" });
    const path = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances";
    const pages = await collect(paginate(client, path, { params: { path: { dag_id: "~", dag_run_id: "~" } } }));
    expect(pages).toHaveLength(2);
    expect(received.map((request) => query(request).cursor)).toEqual(["", "1"]);
  });

  test("does not take an empty page in the middle for the end", async () => {
    const answers = [
      { dag_runs: ids(1), next_cursor: "a" },
      { dag_runs: [], next_cursor: "b" },
      { dag_runs: ids(1), next_cursor: null },
    ];
    const server = await serve((_, response) => json(response, answers.shift()));
    const client = createAirflowClient({ url: server.url });
    const pages = await collect(paginate(client, runs, { params: everyDag }));
    expect(pages.map(({ items }) => items.length)).toEqual([1, 0, 1]);
  });

  test.each([1, 2, 3, 5])("detects a server whose tokens form a cycle of %d", async (length) => {
    let asked = 0;
    const server = await serve((_, response) =>
      json(response, { dag_runs: ids(1), next_cursor: `token-${asked++ % length}` }),
    );
    const client = createAirflowClient({ url: server.url });
    const error = await failure(collect(paginate(client, runs, { params: everyDag })));
    expect(error).toMatchObject({ code: "PAGING", retryable: false });
    expect(server.received.length).toBeLessThan(20);
  });

  test("treats a response without next_cursor after the first page as an error, not as the end", async () => {
    const answers = [
      { dag_runs: ids(1), next_cursor: "a" },
      { dag_runs: ids(1), total_entries: 2 },
    ];
    const server = await serve((_, response) => json(response, answers.shift()));
    const client = createAirflowClient({ url: server.url });
    expect(await failure(collect(paginate(client, runs, { params: everyDag })))).toMatchObject({
      code: "UNEXPECTED_ANSWER",
    });
  });
});

describe("by offset", () => {
  test("advances by the rows received, not by the limit, if the server has no cursors", async () => {
    const { client, received } = await airflow({ rows: ids(7), pageSize: 3 });
    const pages = await collect(paginate(client, runs, { params: { ...everyDag, query: { limit: 1000 } } }));
    expect(pages.map(({ mode, items }) => [mode, items.length])).toEqual([
      ["offset", 3],
      ["offset", 3],
      ["offset", 1],
    ]);
    expect(received.map((request) => query(request).offset)).toEqual([undefined, "3", "6"]);
    expect(received.every((request) => query(request).order_by === "id")).toBe(true);
  });

  test("keeps the caller's order for lists without cursors", async () => {
    const { client, received } = await airflow({ rows: ids(3), pageSize: 2, key: "dags", cursors: true });
    const pages = await collect(
      paginate(client, "/api/v2/dags", { params: { query: { order_by: ["-dag_id"], exclude_stale: false } } }),
    );
    expect(pages.map(({ mode }) => mode)).toEqual(["offset", "offset"]);
    expect(received.map(query)).toEqual([
      { order_by: "-dag_id", exclude_stale: "false", limit: "100", offset: "0" },
      { order_by: "-dag_id", exclude_stale: "false", limit: "100", offset: "2" },
    ]);
  });

  test("ends a list that shrinks at an empty page, and continues one that grows", async () => {
    const answers = [
      { dags: ids(2), total_entries: 4 },
      { dags: ids(1), total_entries: 5 },
      { dags: [], total_entries: 5 },
    ];
    const server = await serve((_, response) => json(response, answers.shift()));
    const client = createAirflowClient({ url: server.url });
    expect((await collect(paginate(client, "/api/v2/dags"))).map(({ items }) => items.length)).toEqual([2, 1]);
    expect(server.received.map((request) => query(request).offset)).toEqual(["0", "2", "3"]);
  });

  test("yields an empty list as one empty page", async () => {
    const { client } = await airflow({ rows: [], pageSize: 3 });
    expect((await collect(paginate(client, runs, { params: everyDag }))).map(({ items }) => items)).toEqual([[]]);
  });
});

test.each([{}, { dags: null, total_entries: 3 }, { dags: [] }, { a: [], b: [], total_entries: 0 }, null, [1]])(
  "treats a response that is not a page as an error, not as an empty list: %j",
  async (answer) => {
    const server = await serve((_, response) => json(response, answer));
    const client = createAirflowClient({ url: server.url });
    expect(await failure(collect(paginate(client, "/api/v2/dags")))).toMatchObject({ code: "UNEXPECTED_ANSWER" });
  },
);

test("each page carries its response, and the signal ends the walk", async () => {
  const { client } = await airflow({ rows: ids(3), pageSize: 1 });
  const controller = new AbortController();
  const pages = paginate(client, runs, { params: everyDag, signal: controller.signal });
  const first = await pages.next();
  expect(Date.parse(first.value?.response.headers.get("date") ?? "")).toBeGreaterThan(0);
  controller.abort(new Error("enough"));
  await expect(pages.next()).rejects.toThrow("enough");
});
