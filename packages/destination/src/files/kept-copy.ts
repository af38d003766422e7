/**
 * Working copies that outlast their session, so that the next one on this machine need not load tables that have not
 * changed since. What such a copy holds is recorded in it, by content: it is never trusted for anything else.
 *
 * A session takes a kept copy by renaming its folder. So no two sessions share one, and that of a killed session is lost.
 */
import { createHash } from "node:crypto";
import { lstat, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Database } from "../duckdb/database.ts";
import { literal } from "../sql/names.ts";
import type { ManifestTable } from "./manifest.ts";

/** How tables are laid out in a working copy. A release that changes it increments it, and loads all tables again. */
const LAYOUT = 1;

/** A smaller place is loaded again faster than it is worth its disk space, in bytes of data files. */
const LEAST_BYTES = 1024 * 1024;

/** How long a copy stays after its last session, in ms. */
const MOST_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** The working copy's file in its folder. */
export const copyFileName = "scratch.duckdb";

const prefix = "files-destination-kept-";

/** The name of the folder in which a user's copy for a pipeline in a place is kept. */
export function keptName(place: string, pipeline: string): string {
  const owner = JSON.stringify([process.getuid?.() ?? "", place, pipeline]);
  return `${prefix}${createHash("sha256").update(owner).digest("hex").slice(0, 32)}`;
}

/** Whether loading these tables costs enough to keep their copy. */
export function isWorthKeeping(tables: readonly Pick<ManifestTable, "files">[]): boolean {
  return tables.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0) >= LEAST_BYTES;
}

/** Moves a kept copy to a new, empty folder. @returns whether there was one */
export async function takeKept(name: string, folder: string): Promise<boolean> {
  const kept = join(tmpdir(), name);
  if (!(await isOwn(kept))) return false;
  return rename(join(kept, copyFileName), join(folder, copyFileName)).then(
    () => true,
    () => false,
  );
}

/** Keeps a closed working copy, in place of its folder. Never throws: what cannot be kept is removed. */
export async function keep(folder: string, name: string): Promise<void> {
  const kept = join(dirname(folder), name);
  try {
    // DuckDB's log beside it would belong to the next session, under another name.
    const others = (await readdir(folder)).filter((file) => file !== copyFileName);
    if (others.some((file) => file.startsWith(copyFileName))) return;
    for (const file of others) await rm(join(folder, file), { recursive: true, force: true });
    if (await isOwn(kept)) await rm(kept, { recursive: true, force: true });
    await rename(folder, kept);
  } catch {
    // The next session loads its tables.
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

/** Whether a kept copy has not been used for so long that it is only a burden. */
export async function isOutdatedCopy(name: string): Promise<boolean> {
  if (!name.startsWith(prefix) || !(await isOwn(join(tmpdir(), name)))) return false;
  const { mtimeMs } = await lstat(join(tmpdir(), name));
  return Date.now() - mtimeMs > MOST_AGE_MS;
}

/** Whether a folder is this user's, and nobody else can write to it: the temporary folder is everyone's. */
async function isOwn(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  if (!found?.isDirectory()) return false;
  return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o077) === 0);
}

/** Identifies what a table contains: the same only for the same files, columns and key. */
function contentOf({ files, columns, primaryKey }: ManifestTable): string {
  return createHash("sha256")
    .update(JSON.stringify([LAYOUT, primaryKey, columns, files]))
    .digest("hex");
}

/** Records what a table of the working copy contains. Part of the transaction that makes it so. */
export async function recordContent(database: Database, name: string, entry: ManifestTable): Promise<void> {
  const table = database.names.table("_sync_contents");
  await database.run(`DELETE FROM ${table} WHERE table_name = ${literal(name)}`);
  await database.run(`INSERT INTO ${table} VALUES (${literal(name)}, ${literal(contentOf(entry))})`);
}

/**
 * Leaves only those tables in a working copy that contain what the manifest says, and their record.
 *
 * @returns their names
 */
export async function dropOthers(
  database: Database,
  tables: Readonly<Record<string, ManifestTable>>,
): Promise<ReadonlySet<string>> {
  const contents = database.names.table("_sync_contents");
  await database.run(`CREATE TABLE IF NOT EXISTS ${contents} (table_name VARCHAR, content VARCHAR)`);
  const recorded = await database.read(`SELECT table_name AS name, content FROM ${contents}`);
  const held = new Set(
    recorded.flatMap(({ name, content }) => {
      const entry = Object.hasOwn(tables, name as string) ? tables[name as string] : undefined;
      return entry && contentOf(entry) === content ? [name as string] : [];
    }),
  );
  for (const { name } of recorded) {
    if (!held.has(name as string)) {
      await database.run(`DELETE FROM ${contents} WHERE table_name = ${literal(name as string)}`);
    }
  }
  for (const name of await database.catalog.tables()) {
    if (!held.has(name) && name !== "_sync_contents") await database.run(`DROP TABLE ${database.names.table(name)}`);
  }
  return held;
}
