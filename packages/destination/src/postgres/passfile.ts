/** `~/.pgpass`: passwords by host, port, database and user. */
import { readFile, stat } from "node:fs/promises";
import type { Host, Settings } from "./settings.ts";

/** A password, or why the file that contains it was not used. */
export interface Found {
  readonly password?: string;
  readonly reason?: string;
}

export async function findPassword(
  { user, database, get, ownFile }: Settings,
  { name, isSocket, port }: Host,
): Promise<Found> {
  const file = get("passfile") ?? ownFile("passwords");
  const found = await stat(file).catch(() => undefined);
  if (!found) return {};
  if (!found.isFile()) return { reason: "the password file is not a plain file" };
  if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
    return { reason: "the password file is ignored, because others may read it: chmod 600" };
  }
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return { reason: "the password file cannot be read" };
  // A socket in the default folder counts as localhost.
  const isDefault = isSocket && ["/var/run/postgresql", "/run/postgresql", "/tmp"].includes(name);
  const wanted = [isDefault ? "localhost" : name, String(port), database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const password = passwordIn(line, wanted);
    if (password !== undefined) return { password };
  }
  return {};
}

/** What follows four matching fields, where `*` matches anything. `:` and `\` are escaped by a backslash everywhere. */
function passwordIn(line: string, wanted: readonly string[]): string | undefined {
  let rest = line;
  for (const value of wanted) {
    const [whole, field = ""] = /^((?:\\.|[^:\\])*):/s.exec(rest) ?? [];
    if (whole === undefined || (field !== "*" && unescaped(field) !== value)) return undefined;
    rest = rest.slice(whole.length);
  }
  const [password = ""] = /^(?:\\.|[^:\\])*/s.exec(rest) ?? [];
  return password === "" ? undefined : unescaped(password);
}

const unescaped = (text: string) => text.replace(/\\(.)/gs, "$1");
