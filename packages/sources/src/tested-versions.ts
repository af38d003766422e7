/** The server versions that these sources are tested against, and what is reported about others. */
import type { SourceContext } from "@org/sync-engine/source";

/** The versions that live tests use, oldest first. */
export const testedVersions = {
  Airflow: ["3.0.6", "3.1.8", "3.2.2", "3.3.2", "3.4.0b2"],
  Dagster: ["1.7.10", "1.10.21", "1.13.27"],
} as const;

export type TestedServer = keyof typeof testedVersions;

/** No version is longer; anything longer is something else. */
const LONGEST = 40;

/**
 * One line about a server whose minor version is newer than any tested one, or whose version cannot be compared, as
 * with a custom build; undefined for all others. Patches and pre-releases count as their minor version.
 *
 * @param version as the server reports it, such as `3.4.0b2`; without one, nothing is reported
 */
export function untestedNote(server: TestedServer, version: unknown): string | undefined {
  if (typeof version !== "string" || version.trim() === "") return undefined;
  const newest = testedVersions[server].at(-1)!;
  const [found, tested] = [minorOf(version), minorOf(newest)!];
  const said = version.trim().replace(/\s+/g, " ").slice(0, LONGEST);
  const meaning =
    "New fields may be missing from the tables, or the sync may fail. Check for a newer release of dagsync.";
  if (!found)
    return `${server} ${said}: this version cannot be compared with the tested ones, up to ${newest}. ${meaning}`;
  const [major, minor] = found;
  if (major < tested[0] || (major === tested[0] && minor <= tested[1])) return undefined;
  return `${server} ${said} is newer than any version tested, up to ${newest}. ${meaning}`;
}

/** Reports {@link untestedNote} during a sync. */
export function reportUntested(server: TestedServer, version: unknown, { emit }: Pick<SourceContext, "emit">): void {
  const message = untestedNote(server, version);
  if (message !== undefined) emit({ type: "notice", code: "UNTESTED_VERSION", message });
}

/** Major and minor; undefined if the text does not start with a version. */
function minorOf(version: string): readonly [number, number] | undefined {
  const found = /^\s*v?(\d{1,9})\.(\d{1,9})(?!\d)/i.exec(version);
  return found ? [Number(found[1]), Number(found[2])] : undefined;
}
