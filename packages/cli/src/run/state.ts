import { existsSync } from "node:fs";
import { type Connection, connect } from "@org/destination/connection";
import { UsageError } from "../errors.ts";
import { escaped } from "../render/safe-output.ts";

/** Opens the state of `dagsync run`. @throws UsageError for an address of another kind, which may contain a secret */
export async function openState(address: string): Promise<Connection> {
  if (/^(?:sqlite:.|postgres(?:ql)?:)/is.test(address)) return connect(address);
  throw new UsageError("--state must be sqlite:file, or postgres://user@host/database[?schema=].");
}

/** The same for what only reads, and creates no file. @throws UsageError if there is none */
export async function openWrittenState(address: string): Promise<Connection> {
  const [, file] = /^sqlite:(.+)$/s.exec(address) ?? [];
  if (file === undefined || existsSync(file)) return openState(address);
  throw new UsageError(`--state: there is no file ${escaped(file)}. "dagsync run" writes it; or correct the path.`);
}
