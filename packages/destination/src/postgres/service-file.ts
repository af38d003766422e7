/** `pg_service.conf`: connection parameters under names. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { DestinationError } from "../errors.ts";
import { checkParameters } from "./known-parameters.ts";

/**
 * The parameters of a service.
 *
 * @param file in place of the user's own
 * @throws DestinationError `NOT_FOUND` if no file defines it
 */
export async function readService(
  name: string,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, string>> {
  const own = process.platform === "win32" ? join(env.APPDATA ?? "", "postgresql") : env.HOME || homedir();
  const shared = env.PGSYSCONFDIR
    ? [join(env.PGSYSCONFDIR, "pg_service.conf")]
    : ["/etc/postgresql-common/pg_service.conf"];
  for (const path of [file ?? join(own, ".pg_service.conf"), ...shared]) {
    const text = await readFile(path, "utf8").catch(() => undefined);
    const found = text === undefined ? undefined : section(text, name);
    if (found) return checkParameters(found);
  }
  throw new DestinationError(
    "NOT_FOUND",
    "The address of the PostgreSQL server: its service is not in a pg_service.conf. Add it to ~/.pg_service.conf, or name " +
      "the file in PGSERVICEFILE.",
  );
}

function section(text: string, name: string): ReadonlyMap<string, string> | undefined {
  let found: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    const [, title] = /^\[(.*)\]$/.exec(line) ?? [];
    if (title !== undefined && found) break;
    if (title === name) found = new Map();
    const mark = line.indexOf("=");
    if (!found || title !== undefined || line.startsWith("#") || mark < 0) continue;
    // Of several lines for one name libpq takes the first.
    const key = line.slice(0, mark).trim();
    if (!found.has(key)) found.set(key, line.slice(mark + 1).trim());
  }
  return found;
}
