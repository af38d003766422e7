import type { StoredPipeline } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import { readContents } from "../sql/transfer.ts";
import { Chain } from "./chain.ts";
import { fillTable, openScratch } from "./scratch.ts";
import type { SessionOptions } from "./session.ts";
import type { Store } from "./store.ts";

/** What the latest manifest names, counted in a working copy of each pipeline. */
export async function contentsOf(
  store: Store,
  { memoryLimit, signal }: Pick<SessionOptions, "memoryLimit" | "signal">,
): Promise<readonly StoredPipeline[]> {
  const manifest = await new Chain(store).refresh();
  if (manifest.number === 0) {
    throw new DestinationError("NOT_FOUND", `${store.place} has no synced data. Check the address.`);
  }
  const tables = Object.entries(manifest.tables);
  const pipelines = new Set([...Object.keys(manifest.pipelines), ...tables.map(([, { pipeline }]) => pipeline)]);
  const contents: StoredPipeline[] = [];
  for (const pipeline of [...pipelines].sort()) {
    const scratch = await openScratch(manifest, pipeline, { place: store.place, memoryLimit, signal });
    try {
      for (const [name, table] of tables) {
        if (table.pipeline === pipeline) await fillTable(scratch, store, name, table, signal);
      }
      const { database } = scratch;
      const found = await database.queue("Reading its contents", () => readContents(database));
      contents.push(...found.filter((each) => each.pipeline === pipeline));
    } finally {
      await scratch.close();
    }
  }
  return contents;
}
