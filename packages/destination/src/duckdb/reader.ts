import { literal, type Names } from "../sql/names.ts";
import { readerOf } from "../sql/reader.ts";
import type { SqlReader } from "../sql-reader.ts";
import { Database } from "./database.ts";
import type { OpenFile } from "./open.ts";

/**
 * Keeps all statements to what is open: none reads or writes another file. It cannot be taken back.
 *
 * @param files others that may be read: those of views
 */
export async function keepInside({ connection }: OpenFile, files: readonly string[] = []): Promise<void> {
  await connection.run(`SET allowed_paths = [${files.map(literal).join(", ")}]`);
  await connection.run("SET enable_external_access = false");
}

/** What readers of a file need. */
interface Source {
  readonly place: string;
  readonly names: Names;
  open(): Promise<OpenFile>;
}

/** Readers with a connection each, of a file that is opened once: DuckDB lets a process open it no second time. */
export function readersOf({ place, names, open }: Source): (options?: ReadOptions) => Promise<SqlReader> {
  let shared: { readonly file: Promise<OpenFile>; readers: number } | undefined;
  const take = () => {
    shared ??= { file: openLocked(open), readers: 0 };
    shared.readers += 1;
    return shared;
  };
  const giveBack = async (own: NonNullable<typeof shared>) => {
    own.readers -= 1;
    if (own.readers > 0) return;
    if (shared === own) shared = undefined;
    await own.file.then((file) => file.close()).catch(() => undefined);
  };
  return async ({ signal } = {}) => {
    signal?.throwIfAborted();
    const own = take();
    try {
      const reader = readerOf("duckdb", new Database(await (await own.file).connect(), place, names, signal));
      let closing: Promise<void> | undefined;
      const close = () => {
        closing ??= reader.close().finally(() => giveBack(own));
        return closing;
      };
      return { ...reader, close };
    } catch (error) {
      await giveBack(own);
      throw error;
    }
  };
}

interface ReadOptions {
  readonly signal?: AbortSignal;
}

async function openLocked(open: Source["open"]): Promise<OpenFile> {
  const file = await open();
  await keepInside(file);
  return file;
}
