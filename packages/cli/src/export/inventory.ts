/** `--with`: what a server has that is not synced, read into a database of its own for the time of an export. */
import { type Table, withTablePrefix } from "@org/destination";
import type { ExportOrigin } from "@org/destination/export";
import { withScratch } from "@org/destination/scratch";
import { readInventory, type Source } from "@org/sync-engine";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";

export interface InventorySource {
  readonly source: Source;
  /** Of the pipeline's tables. */
  readonly prefix?: string | undefined;
}

export interface ChosenInventory extends InventorySource {
  readonly names: readonly string[];
}

/**
 * @param open the server; undefined where none was named
 * @returns undefined where nothing was asked for
 * @throws UsageError
 */
export async function inventoryOf(
  options: { readonly with?: string },
  open: (() => Promise<InventorySource>) | undefined,
): Promise<ChosenInventory | undefined> {
  if (options.with === undefined) return undefined;
  const names = [...new Set(options.with.split(",").map((name) => name.trim()))];
  if (!open) throw new UsageError("--with reads a server: name it with --from, or a pipeline with --at.");
  const { source, prefix } = await open();
  const known = Object.keys(source.inventory ?? {});
  if (known.length === 0) throw new UsageError("--with is only for Airflow: of Dagster everything is synced.");
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new UsageError(`--with: write some of ${known.join(", ")}.${didYouMean(name, known)}`);
  }
  return { source, prefix, names };
}

export interface InventoryOptions {
  /** Tables that are exported anyway: what is synced as a stream is not read from the server once more. */
  readonly synced: readonly Table[];
  readonly signal?: AbortSignal | undefined;
}

/** Does some work with the tables of an inventory, which are gone afterwards. */
export async function withInventory<T>(
  inventory: ChosenInventory | undefined,
  { synced, signal }: InventoryOptions,
  work: (beside: readonly ExportOrigin[]) => Promise<T>,
): Promise<T> {
  if (!inventory) return work([]);
  const { source, prefix } = inventory;
  return withScratch("export-inventory-", async (scratch) => {
    const destination = scratch.database("server");
    const shaped = prefix === undefined ? destination : withTablePrefix(destination, prefix);
    const isSynced = (table: Table) => synced.some(({ name }) => name === (shaped.realTable?.(table) ?? table).name);
    const names = inventory.names.filter((name) => !isSynced(source.inventory![name]!.table));
    if (names.length === 0) return work([]);
    const tables = await readInventory({ source, names, destination: shaped, signal });
    return work([{ destination, tables: tables.map((table) => shaped.realTable?.(table) ?? table) }]);
  });
}
