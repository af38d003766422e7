import { createList, createProgress, type ListOptions, type PageRequest } from "@org/kit";
import { expect, test } from "vitest";

const invalid = (reason: string) => new Error(reason);

/** A list of the numbers from 0, as a server pages it, and the requests that it got. */
function numbers(total: number, options?: ListOptions, most = 1000) {
  const requests: PageRequest[] = [];
  const list = createList<number>(
    {
      async ask(request) {
        requests.push(request);
        const start = Number(request.pageToken ?? 0);
        const end = Math.min(start + Math.min(request.pageSize, most), total);
        const items = Array.from({ length: end - start }, (_, index) => start + index);
        return { items, total, nextPageToken: end < total ? String(end) : null };
      },
      count: async () => total,
      keysOf: (items) => items.map(String),
      progress: () => createProgress((why) => new Error(why)),
      invalid,
    },
    options,
  );
  return { list, requests };
}

test.each<[number, ListOptions, number[]]>([
  [250, {}, [100, 100, 100]],
  [250, { first: 20 }, [20]],
  [250, { first: 120 }, [100, 20]],
  [250, { first: 100 }, [100]],
  [250, { first: 0 }, []],
  [15, { first: 20 }, [20]],
  [250, { pageSize: 200 }, [200, 200]],
  [250, { pageSize: 7, first: 20 }, [7, 7, 6]],
  [0, {}, [100]],
])("of %i items with %o, only the necessary pages are requested: %j", async (total, options, sizes) => {
  const { list, requests } = numbers(total, options);
  const items = await list.toArray();
  expect(items).toHaveLength(Math.min(total, options.first ?? total));
  expect(requests.map(({ pageSize }) => pageSize)).toEqual(sizes);
});

test("a server that returns fewer items than requested is asked for the rest", async () => {
  const { list, requests } = numbers(250, { first: 20 }, 8);
  expect(await list.toArray()).toHaveLength(20);
  expect(requests.map(({ pageSize }) => pageSize)).toEqual([20, 12, 4]);
});

test("a page's token continues after it", async () => {
  const { list } = numbers(250);
  const { value } = await list.pages()[Symbol.asyncIterator]().next();
  expect(value).toMatchObject({ total: 250, nextPageToken: "100" });
  const rest = await numbers(250, { pageToken: value.nextPageToken }).list.toArray();
  expect(rest).toEqual(Array.from({ length: 150 }, (_, index) => index + 100));
});

test("a count is the whole list's", async () => {
  expect(await numbers(250, { first: 2, pageToken: "100" }).list.count()).toBe(250);
});

test("a list that failed continues with the token in its error", async () => {
  let fails = true;
  const source = {
    async ask({ pageToken = "0" }: PageRequest) {
      if (pageToken === "2" && fails) throw Object.assign(new Error("503"), { retryable: true });
      return {
        items: [pageToken],
        total: null,
        nextPageToken: pageToken === "3" ? null : String(Number(pageToken) + 1),
      };
    },
    count: async () => 4,
    keysOf: (items: readonly string[]) => items,
    progress: () => createProgress((why) => new Error(why)),
    invalid,
  };
  const received: string[] = [];
  const read = async (pageToken?: string) => {
    for await (const item of createList(source, { pageToken })) received.push(item);
  };
  const error = await read().catch((error: unknown) => error as { pageToken?: string });
  expect(received).toEqual(["0", "1"]);
  fails = false;
  await read(error?.pageToken);
  expect(received).toEqual(["0", "1", "2", "3"]);
});

test.each([
  [{ first: -1 }, "`first` must be a whole number from 0, and is -1"],
  [{ first: 1.5 }, "`first` must be a whole number from 0, and is 1.5"],
  [{ pageSize: 0 }, "`pageSize` must be a whole number from 1, and is 0"],
  [{ pageSize: Number.POSITIVE_INFINITY }, "`pageSize` must be a whole number from 1, and is Infinity"],
])("wrong options fail before any request: %o", (options, message) => {
  expect(() => numbers(3, options)).toThrow(message);
});

test("tokens in a circle end with an error", async () => {
  const list = createList<number>({
    ask: async ({ pageToken }) => ({ items: [1], total: null, nextPageToken: pageToken === "a" ? "b" : "a" }),
    count: async () => 1,
    keysOf: (items) => items.map(String),
    progress: () => createProgress((why) => new Error(why)),
    invalid,
  });
  await expect(list.toArray()).rejects.toThrow("a page token was repeated");
});
