import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
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

async function replaceCopy(path: string, copy: string): Promise<void> {
  const unfinished = `${copy}.${randomUUID()}.new`;
  try {
    await copyDuckdb(path, unfinished);
    // Opened and closed, it takes in the log beside it, which a new name would part from it.
    if (existsSync(`${unfinished}.wal`)) (await openFile(unfinished, copy, "a copy", { memoryLimit })).close();
    await rename(unfinished, copy);
  } catch (error) {
    // The next session has the file already, and will leave a newer copy.
    if (!(error instanceof DestinationError && error.code === "LOCKED")) throw error;
  } finally {
    for (const file of [unfinished, `${unfinished}.wal`]) await rm(file, { force: true });
  }
}
