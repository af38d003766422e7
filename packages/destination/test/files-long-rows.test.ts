/** Rows that a file in a text format could hold, and nobody could read from it. */
import { afterEach, expect, test } from "vitest";
import { createPlace } from "./files-place.ts";
import { during, row, store, table } from "./postgres-fixture.ts";

let cleanup: (() => Promise<void>) | undefined;
afterEach(() => cleanup?.());

test.each(["csv", "ndjson"] as const)("a row of many megabytes is refused as that row, in %s", async (format) => {
  const place = await createPlace({ format });
  cleanup = async () => place.cleanup?.();
  const long = row({ id: "long", data: { text: '"'.repeat(20 * 2 ** 20) } });
  await during(place.connect(), async (session) => {
    await expect(store(session, [row({ id: "a" }), long])).rejects.toMatchObject({
      code: "INVALID_ROW",
      rows: [{ key: { id: "long" }, reason: expect.stringContaining("32 MB") }],
    });
    expect(await store(session, [row({ id: "a" })])).toMatchObject({ inserted: 1 });
  });
  await during(place.connect(), async (session) => {
    await session.prepare([table]);
    expect(await session.count(table, {})).toBe(1);
  });
});
