/** Leases written by a wrong clock: writers do not wait until the year 9998. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Destination, defineTable } from "@org/destination";
import { files } from "@org/destination/files";
import { sqlite } from "@org/destination/sqlite";
import { createFixture as createFilesFixture } from "@org/testkit/places/files";
import { createFixture as createSqliteFixture } from "@org/testkit/places/sqlite";
import { afterEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "Key." } },
});

const elsewhere = { host: "another-host", pid: 1, session: "0" };
const hour = 60 * 60 * 1000;
let cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

/** A destination, and a function that makes another machine hold it until a given time. */
type Held = { readonly destination: () => Destination; holdUntil(until: Date): Promise<void> };

const fixtures: Record<string, () => Promise<Held>> = {
  async sqlite() {
    const fixture = await createSqliteFixture();
    cleanUps.push(() => fixture.cleanup?.());
    return {
      destination: () => sqlite(fixture.file),
      async holdUntil(until) {
        const database = new DatabaseSync(fixture.file);
        database
          .prepare("UPDATE _sync_leases SET holder = ?, expires_at = ?")
          .run(JSON.stringify(elsewhere), until.toISOString().replace("Z", "000Z"));
        database.close();
      },
    };
  },
  async files() {
    const fixture = await createFilesFixture();
    cleanUps.push(() => fixture.cleanup?.());
    return {
      destination: () => files(fixture.folder),
      async holdUntil(until) {
        const folder = join(fixture.folder, "_sync/manifests");
        const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
        const path = join(folder, names.sort().at(-1) as string);
        const manifest = JSON.parse(await readFile(path, "utf8"));
        manifest.pipelines.p.writer = { ...elsewhere, until: until.toISOString() };
        await writeFile(path, JSON.stringify(manifest));
      },
    };
  },
};

describe.each(Object.keys(fixtures))("%s: a lease held on another machine", (name) => {
  const held = async (leftMs: number) => {
    const fixture = await fixtures[name]!();
    const first = await fixture.destination().open({ pipeline: "p" });
    await first.prepare([table]);
    await first.close();
    await fixture.holdUntil(new Date(Date.now() + leftMs));
    return fixture.destination().open({ pipeline: "p" });
  };

  test.each([30_000, hour / 2])("that ends in %i ms blocks others", async (leftMs) => {
    await expect(held(leftMs)).rejects.toMatchObject({ code: "LOCKED" });
  });

  test.each([-1000, 2 * hour, 80 * 365 * 24 * hour])("that ends in %i ms does not", async (leftMs) => {
    await (await held(leftMs)).close();
  });
});
