import { createDagsterClient, type DagsterError } from "@org/dagster-client";
import {
  existingRunIds,
  type PaginateRunsOptions,
  paginateRunIds,
  paginateRuns,
  runIdsFilter,
} from "@org/dagster-client/sync";
import { expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

type Ask = { list: "runs" | "runIds"; pageToken?: string; limit: number; runIds?: string[] };

/** A server whose listings behave like Dagster's: newest first, and nothing after a run that does not exist. */
async function serveRuns(count: number, hooks: { before?: (ask: Ask, runs: string[]) => void; maximum?: number } = {}) {
  const runs = Array.from({ length: count }, (_, index) => `run-${count - index}`);
  const asks: Ask[] = [];
  const { url } = await serve(({ body }, response) => {
    const { pageToken, limit, filter } = body.variables as {
      pageToken?: string;
      limit: number;
      filter?: { runIds?: string[] };
    };
    const ask: Ask = { list: body.query.includes("runIdsOrError") ? "runIds" : "runs", limit };
    if (pageToken !== undefined) ask.pageToken = pageToken;
    if (filter?.runIds) ask.runIds = filter.runIds;
    hooks.before?.(ask, runs);
    asks.push(ask);
    const after =
      pageToken === undefined ? runs : runs.includes(pageToken) ? runs.slice(runs.indexOf(pageToken) + 1) : [];
    const page = after
      .filter((id) => !filter?.runIds?.length || filter.runIds.includes(id))
      .slice(0, Math.min(limit || Infinity, hooks.maximum ?? Infinity));
    json(response, {
      data:
        ask.list === "runs"
          ? { runs: { __typename: "Runs", results: page.map((runId) => ({ runId })) } }
          : { runIds: { __typename: "RunIds", results: page } },
    });
  });
  return { client: createDagsterClient({ url }), runs, asks };
}

async function collect(pages: AsyncIterable<{ rows: readonly ({ runId: string } | string)[] }>): Promise<string[][]> {
  const all: string[][] = [];
  for await (const { rows } of pages) all.push(rows.map((row) => (typeof row === "string" ? row : row.runId)));
  return all;
}

const both: [
  string,
  (
    client: Parameters<typeof paginateRuns>[0],
    options?: PaginateRunsOptions,
  ) => AsyncIterable<{ rows: readonly ({ runId: string } | string)[] }>,
][] = [
  ["runs", paginateRuns],
  ["run ids", paginateRunIds],
];

for (const [what, paginate] of both) {
  test(`lists ${what} newest first, to a short page after a full one`, async () => {
    const { client, asks } = await serveRuns(5);
    expect(await collect(paginate(client, { pageSize: 2 }))).toEqual([
      ["run-5", "run-4"],
      ["run-3", "run-2"],
      ["run-1"],
    ]);
    expect(asks.map(({ pageToken }) => pageToken)).toEqual([undefined, "run-4", "run-2"]);
  });

  test(`accepts an empty page of ${what} if the run before it still exists`, async () => {
    const { client, asks } = await serveRuns(4);
    expect((await collect(paginate(client, { pageSize: 2 }))).flat().length).toBe(4);
    expect(asks.slice(2)).toEqual([
      { list: asks[0]!.list, pageToken: "run-1", limit: 2 },
      { list: "runIds", runIds: ["run-1"], limit: 1 },
    ]);
  });

  test(`a deleted run does not end the listing of ${what}: it continues after the last remaining one`, async () => {
    const { client } = await serveRuns(9, {
      before: ({ pageToken }, runs) => {
        if (pageToken === "run-4") remove(runs, "run-4", "run-5");
      },
    });
    const pages = await collect(paginate(client, { pageSize: 3 }));
    expect(pages).toEqual([
      ["run-9", "run-8", "run-7"],
      ["run-6", "run-5", "run-4"],
      ["run-3", "run-2", "run-1"],
    ]);
  });

  test(`when a whole page of ${what} is deleted, it continues after the page before it`, async () => {
    const { client, asks } = await serveRuns(9, {
      before: ({ pageToken }, runs) => {
        if (pageToken === "run-4") remove(runs, "run-4", "run-5", "run-6");
      },
    });
    expect((await collect(paginate(client, { pageSize: 3 }))).flat().sort()).toEqual(ids(9));
    expect(asks.filter(({ runIds, pageToken }) => !runIds && pageToken === undefined).length).toBe(1);
  });

  test(`when the last pages of ${what} are deleted, it starts again from the top`, async () => {
    let deleted = false;
    const { client } = await serveRuns(9, {
      before: ({ pageToken }, runs) => {
        if (pageToken !== "run-4" || deleted) return;
        deleted = true;
        remove(runs, "run-9", "run-8", "run-7", "run-6", "run-5", "run-4");
      },
    });
    const pages = await collect(paginate(client, { pageSize: 3 }));
    expect(pages.slice(2)).toEqual([["run-3", "run-2", "run-1"]]);
  });

  test(`a run deleted between the empty page of ${what} and the check for it is not the end`, async () => {
    const { client } = await serveRuns(6, {
      before: ({ pageToken }, runs) => {
        // Deleted before the empty page, and with something older that no one has seen.
        if (pageToken === "run-1") {
          remove(runs, "run-1");
          if (!runs.includes("run-0")) runs.push("run-0");
        }
      },
    });
    expect((await collect(paginate(client, { pageSize: 3 }))).flat()).toContain("run-0");
  });
}

test("a resumed listing whose run was deleted starts again from the top", async () => {
  const { client } = await serveRuns(3);
  expect((await collect(paginateRuns(client, { from: "run-99", pageSize: 5 }))).flat()).toEqual([
    "run-3",
    "run-2",
    "run-1",
  ]);
  expect((await collect(paginateRuns(client, { from: "run-3", pageSize: 5 }))).flat()).toEqual(["run-2", "run-1"]);
});

test("a short page is not the end before a full one: the server may have a maximum", async () => {
  const { client } = await serveRuns(5, { maximum: 2 });
  expect((await collect(paginateRuns(client, { pageSize: 100 }))).flat().sort()).toEqual(ids(5));
});

test("a short page is the end at once if the server is known to have no maximum", async () => {
  const { client, asks } = await serveRuns(5);
  expect((await collect(paginateRuns(client, { pageSize: 100, trustShortPage: true }))).flat().length).toBe(5);
  expect(asks.length).toBe(1);
});

test("an empty server takes one request, and yields no page", async () => {
  const { client, asks } = await serveRuns(0);
  expect(await collect(paginateRuns(client))).toEqual([]);
  expect(asks).toEqual([{ list: "runs", limit: 1000 }]);
});

test.each([1, 2, 3, 5])(
  "a server that repeats its pages after %i of them is an error, not an endless listing",
  async (length) => {
    let page = 0;
    const { url } = await serve((_, response) => {
      const at = page++ % length;
      json(response, { data: { runIds: { __typename: "RunIds", results: [`a${at}`, `b${at}`] } } });
    });
    const error = await rejection<DagsterError>(collect(paginateRunIds(createDagsterClient({ url }), { pageSize: 2 })));
    expect(error).toMatchObject({ name: "DagsterError", code: "PAGING", retryable: false });
    expect(page).toBeLessThan(20);
  },
);

test("a server on which every page is deleted at once is an error, not an endless listing", async () => {
  const { client } = await serveRuns(2, {
    before: ({ pageToken, runIds }, runs) => {
      const isFirstPage = pageToken === undefined && runIds === undefined;
      runs.splice(0, runs.length, ...(isFirstPage ? ["run-2", "run-1"] : []));
    },
  });
  const error = await rejection<DagsterError>(collect(paginateRuns(client, { pageSize: 2 })));
  expect(error).toMatchObject({ code: "PAGING", retryable: true });
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 31])(
  "a page size of %s is rejected, since Dagster would return every run",
  async (pageSize) => {
    const { client, asks } = await serveRuns(1);
    for (const [, paginate] of both) {
      const error = await rejection<DagsterError>((async () => collect(paginate(client, { pageSize })))());
      expect(error).toMatchObject({ code: "INVALID_OPTIONS" });
    }
    expect(asks).toEqual([]);
  },
);

test("every request of a listing goes through `attempt`, and retries lose nothing", async () => {
  const { client } = await serveRuns(4);
  let requests = 0;
  const attempt = async <Result>(request: () => Promise<Result>): Promise<Result> => {
    if (++requests === 2) await request();
    return request();
  };
  expect((await collect(paginateRuns(client, { pageSize: 2, attempt }))).flat().length).toBe(4);
  expect(requests).toBe(4);
});

test("requesting no run returns none, where Dagster would return all", async () => {
  const { client, asks } = await serveRuns(3);
  expect(await existingRunIds(client, [])).toEqual(new Set());
  expect(asks).toEqual([]);
  expect(await existingRunIds(client, ["run-1", "run-9"])).toEqual(new Set(["run-1"]));
  expect(runIdsFilter([])).toEqual({ runIds: ["-"] });
  expect(runIdsFilter(["a"])).toEqual({ runIds: ["a"] });
});

function remove(runs: string[], ...deleted: string[]): void {
  for (const id of deleted) if (runs.includes(id)) runs.splice(runs.indexOf(id), 1);
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `run-${index + 1}`);
}

test("a signal that `attempt` passes to a request aborts that request, and the next attempt continues", async () => {
  const { client } = await serveRuns(3);
  const aborted: boolean[] = [];
  const slow: Pick<typeof client, "rawRequest"> = {
    rawRequest: async (document, ...rest) => {
      const signal = (rest[1] as { signal?: AbortSignal } | undefined)?.signal;
      aborted.push(signal?.aborted ?? false);
      return client.rawRequest(document, ...rest);
    },
  };
  const never = new AbortController();
  let requests = 0;
  const attempt = async <Result>(request: (signal?: AbortSignal) => Promise<Result>): Promise<Result> => {
    if (++requests > 1) return request(new AbortController().signal);
    const reason = new Error("took too long");
    await expect(request(AbortSignal.abort(reason))).rejects.toBe(reason);
    return request(new AbortController().signal);
  };
  const options = { pageSize: 2, attempt, signal: never.signal };
  expect((await collect(paginateRuns(slow, options))).flat().length).toBe(3);
  expect(aborted).toEqual([true, false, false]);
});
