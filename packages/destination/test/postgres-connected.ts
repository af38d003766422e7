/** The result of connecting to an address: `tls`, `clear` or `socket`, with the port, or the session's error. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { query } from "@org/testkit/places/postgres";
import pg from "pg";
import { from, to } from "pg-copy-streams";
import { parseAddress } from "../src/postgres/address.ts";
import { connectToAny } from "../src/postgres/connect.ts";
import { toDestinationError } from "../src/postgres/errors.ts";
import { readSettings } from "../src/postgres/settings.ts";

export async function connected(url: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  try {
    const address = parseAddress(url);
    const client = await connectToAny(
      { Client: pg.Client, copyFrom: from, copyTo: to },
      await readSettings(address, env),
    );
    const { rows } = await client.query(
      `SELECT ssl, inet_server_port() AS port, current_user AS who, current_setting('application_name') AS name
       FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
    );
    await client.end();
    const [{ ssl, port, who, name }] = rows as [{ ssl: boolean; port: number | null; who: string; name: string }];
    const way = port === null ? "socket" : `${ssl ? "tls" : "clear"} ${port}`;
    return [way, who === "postgres" ? "" : who, name].filter((part) => part !== "").join(" ");
  } catch (error) {
    const { code, message } = toDestinationError(error, "postgresql://…", "Opening");
    return `${code}: ${message}`;
  }
}

/** Writes texts to files that only we may read. */
export async function filesOf<Name extends string>(
  texts: Readonly<Record<Name, string>>,
): Promise<Record<Name, string>> {
  const folder = await mkdtemp(join(tmpdir(), "certificates-"));
  const paths = Object.entries(texts).map(async ([name, text]) => {
    const path = join(folder, name);
    await writeFile(path, text as string, { mode: 0o600 });
    return [name, path] as const;
  });
  return Object.fromEntries(await Promise.all(paths)) as Record<Name, string>;
}

/** Puts rules before those that admit everyone. @returns a function that removes them */
export async function withRules(url: string, rules: readonly string[]): Promise<() => Promise<void>> {
  const [{ hba_file: file } = {}] = await query(url, "SHOW hba_file");
  const before = await readFile(String(file), "utf8");
  const put = async (text: string) => {
    await writeFile(String(file), text);
    await query(url, "SELECT pg_reload_conf()");
  };
  await put(`${rules.join("\n")}\n${before}`);
  return () => put(before);
}
