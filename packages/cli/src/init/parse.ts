import { parseDestination } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import { parseSource, type SourceKind } from "../sources.ts";

/** How to authenticate with a server. */
export const ways = ["password", "token", "command", "none"] as const;
export type Way = (typeof ways)[number];

/** What to sync. */
export interface Wanted {
  readonly kind: SourceKind;
  readonly url: string;
  readonly way: Way;
}

/** A server's kind and URL, as in `--from`. @throws UsageError */
export function addressOf(text: string): Pick<Wanted, "kind" | "url"> {
  parseSource(text, {});
  const [, kind, url] = /^(\w+):(.*)$/s.exec(text) as unknown as [string, SourceKind, string];
  return { kind, url };
}

/**
 * Parses the options of `init`.
 *
 * @returns the destination, and the sources
 * @throws UsageError
 */
export async function parseWanted(
  from: readonly string[],
  to: string,
  auth?: string,
): Promise<[to: string, wanted: readonly Wanted[]]> {
  if (/^postgres(ql)?:\/\/[^/@]*:[^/@]*@/.test(to)) {
    throw new UsageError("--to contains a password, which does not belong in a file: set PGPASSWORD instead.");
  }
  await parseDestination(to);
  if (auth !== undefined && !ways.includes(auth as Way)) throw new UsageError(`--auth is one of: ${ways.join(", ")}.`);
  const wanted = from.map((text) => {
    const address = addressOf(text);
    const usual = address.kind === "airflow" ? "password" : "none";
    const way = (auth as Way | undefined) ?? usual;
    if (address.kind === "dagster" && way === "password")
      throw new UsageError("Dagster has no passwords: use --auth token.");
    return { ...address, way };
  });
  return [to, wanted];
}
