import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, rename, rm } from "node:fs/promises";
import { DestinationError } from "../errors.ts";
import type { SqlSession } from "../sql/session.ts";
import { openFile } from "./open.ts";
import { copyDuckdb } from "./read.ts";

const memoryLimit = "1GB";

/** A session that leaves a copy of its file when it closes. */
export function leavingCopy(session: SqlSession, path: string, copy: string): SqlSession {
  const close = session.close.bind(session);
  let closing: Promise<void> | undefined;
  session.close = () => {
    closing ??= close().then(() => replaceCopy(path, copy));
    return closing;
  };
  return session;
}

/**
 * Makes sure that a copy will replace nothing but an older copy.
 *
 * @throws DestinationError `NOT_A_DESTINATION` if another file is there
 */
export async function checkCopy(copy: string): Promise<void> {
  const found = await lstat(copy).catch(() => undefined);
  if (!found) return;
  const isOurs = found.isFile() && (await holdsASync(copy));
  if (isOurs) return;
  throw new DestinationError(
    "NOT_A_DESTINATION",
    `The file ${copy} is there already, and no sync left it: a copy for readers would take its place. Name another file, ` +
      "or move it away.",
  );
}

async function holdsASync(copy: string): Promise<boolean> {
  try {
    const { connection, close } = await openFile(copy, copy, "a reader", { memoryLimit, readOnly: true });
    try {
      const found = await connection.runAndReadAll("FROM duckdb_tables() WHERE table_name = '_sync_format'");
      return found.currentRowCount > 0;
    } finally {
      close();
    }
  } catch (error) {
    // Whoever reads it in this process has already checked it.
    return error instanceof DestinationError && error.code === "LOCKED";
  }
}

async function replaceCopy(path: string, copy: string): Promise<void> {
  const unfinished = `${copy}.${randomUUID()}.new`;
  try {
    await copyDuckdb(path, unfinished);
    // Opening and closing it merges the log next to it, which a new name would separate from it.
    if (existsSync(`${unfinished}.wal`)) (await openFile(unfinished, copy, "a copy", { memoryLimit })).close();
    await rename(unfinished, copy);
  } catch (error) {
    // The next session already has the file, and will leave a newer copy.
    if (!(error instanceof DestinationError && error.code === "LOCKED")) throw error;
  } finally {
    for (const file of [unfinished, `${unfinished}.wal`]) await rm(file, { force: true });
  }
}
