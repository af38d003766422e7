import { type ListPage, readWholeList, type SourceContext } from "@org/sync-engine/source";
import { expect, test } from "vitest";

type Event = Parameters<SourceContext["emit"]>[0];

/** A server's list, in the order of its numbers, and what happens to it before the page with a number. */
function server(count: number, happens: { readonly [page: number]: (rows: number[]) => void } = {}) {
  const rows = Array.from({ length: count }, (_, index) => index * 10);
  const asked: number[] = [];
  const events: Event[] = [];
  const read = (options: { limit?: number; clamp?: number; total?: (total: number) => number } = {}) => {
    const { limit = 4, clamp = limit, total = (count) => count } = options;
    return readWholeList<number>({
      what: "numbers",
      keyOf: String,
      isUnavailable: (error) => (error as Error).message === "forbidden",
      emit: (event) => events.push(event),
      async page(offset): Promise<ListPage<number>> {
        asked.push(offset);
        happens[asked.length]?.(rows);
        return { rows: rows.slice(offset, offset + clamp), total: total(rows.length), limit };
      },
    });
  };
  return { rows, asked, events, read };
}

test.each([0, 1, 3, 4, 5, 7, 8, 13])("a list of %i rows is read completely", async (count) => {
  const { rows, read } = server(count);
  expect(await read()).toEqual(rows);
});

test("a list that fits into a page that is not full takes one request", async () => {
  const { asked, read } = server(3);
  await read();
  expect(asked).toEqual([0]);
});

test.each([2, 3])("a server that limits pages to %i rows is read completely", async (clamp) => {
  const { rows, read } = server(13);
  expect(await read({ limit: 100, clamp })).toEqual(rows);
});

test("a server whose pages have one row, or none, proves nothing", async () => {
  for (const clamp of [0, 1])
    await expect(server(5).read({ clamp })).rejects.toMatchObject({ code: "UNSTEADY_SERVER" });
});

test.each<[string, (rows: number[]) => void]>([
  ["a row before the page is deleted", (rows) => rows.splice(1, 1)],
  ["two rows before the page are deleted", (rows) => rows.splice(0, 2)],
  ["two are deleted and others created, so that the count stays", (rows) => rows.splice(0, 2, -1) && rows.push(999)],
  [
    "two exchange their places",
    (rows) => {
      [rows[0], rows[5]] = [rows[5]!, rows[0]!];
    },
  ],
  ["a row before the page is created", (rows) => rows.splice(1, 0, 1)],
  ["one is deleted and another created, so that the count stays", (rows) => rows.splice(1, 1) && rows.push(999)],
  ["the last row of the page before is deleted", (rows) => rows.splice(3, 1)],
  ["all are deleted", (rows) => rows.splice(0)],
])("what existed throughout is not missed if %s", async (_, happens) => {
  const { rows, read } = server(9, { 2: happens });
  const before = [...rows];
  const found = await read();
  expect(found).toEqual(expect.arrayContaining(before.filter((row) => rows.includes(row))));
});

test("a row that is created while the last page is counted does not push out another one", async () => {
  // The server counts four rows and then lists the first four of five.
  const { rows, read } = server(4, { 1: (rows) => rows.splice(0, 0, -1) });
  let pages = 0;
  const found = await read({ total: (total) => (pages++ === 0 ? total - 1 : total) });
  expect(found).toEqual(rows);
});

test.each<[string, (total: number) => number]>([
  ["more", (total) => total + 1],
  ["fewer", (total) => total - 1],
])("a server that counts %s rows than it lists is not believed", async (_, total) => {
  await expect(server(3).read({ total })).rejects.toMatchObject({ code: "UNSTEADY_SERVER", retryable: true });
});

test("a list that is unavailable is reported, and nothing follows from it", async () => {
  const forbidden = () => {
    throw new Error("forbidden");
  };
  const { events, read } = server(9, { 2: forbidden });
  expect(await read()).toBeUndefined();
  expect(events).toEqual([
    {
      type: "notice",
      code: "LIST_UNAVAILABLE",
      message: "The list of numbers cannot be read: forbidden. Its tables stay as they are.",
    },
  ]);
});

test("any other error is one", async () => {
  const broken = () => {
    throw new Error("broken");
  };
  await expect(server(9, { 2: broken }).read()).rejects.toThrow("broken");
});
