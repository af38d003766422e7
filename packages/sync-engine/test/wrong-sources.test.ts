/** The conformance suite for sources catches sources that are wrong on purpose. */
import { defineTable, type Key, type Row } from "@org/destination";
import {
  defineStream,
  type ReadContext,
  readWholeList,
  type Source,
  type StreamBatch,
  uniqueRows,
  wholeBatch,
} from "@org/sync-engine/source";
import { runCase, type SourceFixture, type SourceSuite, sourceCases, testSource } from "@org/sync-engine/testing";
import { describe, expect, test } from "vitest";

const table = defineTable({
  name: "shop_goods",
  description: "Goods.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Number." },
    price: { type: "int64", description: "In cents." },
    asked: { type: "int64", nullable: true, description: "How often the server was asked." },
  },
});

interface Good {
  readonly id: number;
  readonly price: number;
  /** Grows with each change in the shop. */
  readonly change: number;
}

/** What the server limits pages to, whatever is requested. */
const PAGE = 40;

class Forbidden extends Error {}

interface Shop {
  readonly goods: Good[];
  asked: number;
  page(context: ReadContext, offset: number): Promise<{ readonly rows: readonly Good[]; readonly total: number }>;
}

type Read = (shop: Shop, context: ReadContext) => AsyncIterable<StreamBatch<typeof table>>;

const rowOf = ({ id, price }: Good): Row<typeof table> => ({ id, price, asked: null });

function suiteOf(name: string, read: Read): SourceSuite {
  return {
    name,
    async create(): Promise<SourceFixture> {
      let changes = 0;
      const good = (id: number): Good => ({ id, price: id % 7, change: 0 });
      const shop: Shop = {
        goods: Array.from({ length: 130 }, (_, id) => good(id)),
        asked: 0,
        page: ({ request }, offset) =>
          request("goods", async () => {
            shop.asked += 1;
            return { rows: shop.goods.slice(offset, offset + PAGE), total: shop.goods.length };
          }),
      };
      const stream = defineStream<unknown, typeof table>({
        name: "goods",
        table,
        revision: 1,
        read: (context) => read(shop, context),
      });
      const source: Source = {
        name: "shop",
        url: "http://shop.example",
        streams: [stream],
        start() {},
        check: async () => ({ version: "1", notes: [] }),
      };
      const changed = (row: object) => {
        changes += 1;
        return { ...(row as Good), price: 1000 + changes, change: changes };
      };
      const expected = () => ({ [table.name]: shop.goods.map(rowOf) });
      return { source, lists: { goods: shop.goods }, changed, expected, forbidden: () => new Forbidden("No.") };
    },
  };
}

const isUnavailable = (error: unknown) => error instanceof Forbidden;
const keyOf = ({ id }: Good) => String(id);

/** All rows, proven complete. */
const whole = (shop: Shop, context: ReadContext) =>
  readWholeList<Good>({
    ...{ what: "goods", keyOf, isUnavailable, emit: context.emit },
    async page(offset) {
      const { rows, total } = await shop.page(context, offset);
      return { rows: uniqueRows(rows, ["id"], "The list of goods"), total, limit: 1000 };
    },
  });

/** All rows by offset, without a proof. */
async function byOffset(shop: Shop, context: ReadContext, isEnd: (count: number, total: number) => boolean) {
  const found: Good[] = [];
  for (;;) {
    const { rows, total } = await shop.page(context, found.length);
    found.push(...rows);
    if (rows.length === 0 || isEnd(rows.length, total)) return found;
  }
}

async function* right(shop: Shop, context: ReadContext): AsyncGenerator<StreamBatch<typeof table>> {
  const goods = await whole(shop, context);
  if (goods) yield wholeBatch(table, goods.map(rowOf), { state: {}, reconcile: context.reconcile });
}

/** Replaces what the source believes to be all goods. */
const replacing = (list: (shop: Shop, context: ReadContext) => Promise<readonly Good[]>): Read =>
  async function* (shop, context) {
    yield wholeBatch(table, (await list(shop, context)).map(rowOf), { state: {}, reconcile: context.reconcile });
  };

const onlyUnique = (goods: readonly Good[]) => [...new Map(goods.map((good) => [good.id, good])).values()];
const none = (): readonly Good[] => [];

/** Wrong sources, each with the case that must catch it. */
const wrong: readonly [name: string, caughtBy: RegExp, read: Read][] = [
  [
    "takes a short page for the end",
    /^reads everything/,
    replacing((shop, context) => byOffset(shop, context, (count) => count < 1000)),
  ],
  [
    "writes what the server has nothing to do with",
    /^writes nothing/,
    async function* (shop, context) {
      const goods = await whole(shop, context);
      if (goods) yield { upserts: goods.map((good) => ({ ...rowOf(good), asked: shop.asked })), state: {} };
    },
  ],
  [
    "never looks for deletions",
    /^finds new, changed and deleted/,
    async function* (shop, context) {
      const goods = await whole(shop, context);
      if (goods) yield { upserts: goods.map(rowOf), state: {} };
    },
  ],
  [
    "reads rows again only if their number changed",
    /^finds new, changed and deleted/,
    async function* (shop, context) {
      const { total } = await shop.page(context, 0);
      if (total !== ((context.state as { total?: number } | undefined)?.total ?? -1)) {
        for await (const batch of right(shop, context)) yield { ...batch, state: { total } };
      }
    },
  ],
  [
    "stores its state before its rows",
    /^resumes after a kill/,
    async function* (shop, context) {
      const last = (context.state as { change?: number } | undefined)?.change ?? -1;
      const goods = (await whole(shop, context)) ?? [];
      const state = { change: Math.max(last, ...goods.map(({ change }) => change)) };
      yield { state };
      const fresh = goods.filter(({ change }) => change > last).map(rowOf);
      const gone = context.reconcile ? [{ scope: {}, rows: goods.map(rowOf) }] : [];
      yield { upserts: fresh, replace: gone, state };
    },
  ],
  [
    "takes an error for an empty list",
    /^resumes after each request failed/,
    replacing((shop, context) => byOffset(shop, context, (count) => count < PAGE).catch(none)),
  ],
  [
    "takes an error in the middle of a list for its end",
    /^resumes after each request failed/,
    replacing(async (shop, context) => {
      const found: Good[] = [];
      for (let isDone = false; !isDone; ) {
        const { rows } = await shop.page(context, found.length).catch(() => ({ rows: [] }));
        found.push(...rows);
        isDone = rows.length < PAGE;
      }
      return found;
    }),
  ],
  [
    "takes a forbidden list for an empty one",
    /^takes nothing that the user may not read/,
    async function* (shop, context) {
      const goods = (await whole(shop, context)) ?? [];
      // Not by a scope, so that nothing counts what goes.
      const there = new Set(goods.map(({ id }) => id));
      const held: readonly Key<typeof table>[] = await context.stored.keys(table, {});
      yield { upserts: goods.map(rowOf), remove: held.filter(({ id }) => !there.has(Number(id))), state: {} };
    },
  ],
  [
    "pages by offset, without a proof that no row went",
    /^takes no row for deleted because the list moves/,
    replacing(async (shop, context) => onlyUnique(await byOffset(shop, context, (count) => count < PAGE))),
  ],
  [
    "remembers what it missed as read",
    /^misses no row/,
    async function* (shop, context) {
      if (context.state !== undefined && !context.reconcile) return;
      const goods = onlyUnique(await byOffset(shop, context, (count) => count < PAGE));
      yield { upserts: goods.map(rowOf), state: {} };
    },
  ],
  [
    "removes rows for good, of which none counts",
    /^takes no row for deleted because a list is empty/,
    async function* (shop, context) {
      const goods = (await whole(shop, context)) ?? undefined;
      if (!goods) return;
      const there = new Set(goods.map(({ id }) => id));
      const held: readonly Key<typeof table>[] = await context.stored.keys(table, {});
      yield { upserts: goods.map(rowOf), remove: held.filter(({ id }) => !there.has(Number(id))), state: {} };
    },
  ],
  [
    "keeps the last of several rows with one key",
    /^rejects two different rows/,
    replacing(async (shop, context) => onlyUnique(await byOffset(shop, context, (count) => count < PAGE))),
  ],
];

testSource(suiteOf("a right source", right));

describe("a source is caught that", () => {
  test.each(wrong)("%s", async (name, caughtBy, read) => {
    const which = sourceCases.find((each) => caughtBy.test(each.name))!;
    await expect(runCase(suiteOf(name, read), which)).rejects.toThrow();
  });

  test("fails any case: each has one", () => {
    const caught = sourceCases.filter(({ name }) => wrong.some(([, caughtBy]) => caughtBy.test(name)));
    expect(caught.map(({ name }) => name)).toEqual(sourceCases.map(({ name }) => name));
  });
});
