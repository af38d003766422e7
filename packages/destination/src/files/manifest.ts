/**
 * The manifest: the commit record, and all that the destination knows. The one with the highest number counts; what it
 * does not name is not there.
 */

import { DestinationError } from "../errors.ts";
import type { Holder } from "../holder.ts";
import type { ColumnType, Json } from "../table.ts";

/** The format of all that is below. A release that changes it counts it up and reads the older ones. */
export const FORMAT = 1;

export interface Manifest {
  readonly format: number;
  /** One more than the manifest that it was made from. */
  readonly number: number;
  /** Tells it from another one that wanted the same number. */
  readonly id: string;
  /** When it was made, for people. */
  readonly at: string;
  readonly tables: Readonly<Record<string, ManifestTable>>;
  readonly pipelines: Readonly<Record<string, ManifestPipeline>>;
}

export interface ManifestTable {
  readonly pipeline: string;
  readonly primaryKey: readonly string[];
  /** In their order, the destination's own among them. All files have these, and `_removed`. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** The oldest first. Of the rows with one key, the one in the latest file counts. */
  readonly files: readonly DataFile[];
  /** Files that others took the place of: kept for a while, for those who read by an older manifest. */
  readonly retired: readonly { readonly path: string; readonly at: string }[];
}

export interface DataFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ManifestPipeline {
  /** Who may commit now: null when no session is open. */
  readonly writer: Writer | null;
  /** The manifest that this pipeline made last. */
  readonly last: string;
  readonly states: Readonly<Record<string, ManifestState>>;
}

/** `until`: when its lease ends, unless it is renewed. */
export type Writer = Holder & { readonly until: string };

export interface ManifestState {
  readonly version: number;
  readonly value: Json;
  /** The tables that the stream wrote to. */
  readonly tables: readonly string[];
  /** When it was committed, as UTC text. */
  readonly at: string;
}

/** What there is before anything was written. */
export const noManifest: Manifest = { format: FORMAT, number: 0, id: "", at: "", tables: {}, pipelines: {} };

const folder = "_sync/manifests";

export const manifestFolder = folder;

/** Digits in front, so that the order of names is the order of numbers. */
export function manifestPath(number: number): string {
  return `${folder}/${String(number).padStart(12, "0")}.json`;
}

/** The number in a manifest's path; undefined for anything else that lies there. */
export function manifestNumber(path: string): number | undefined {
  const digits = /(?:^|\/)(\d{12})\.json$/.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** @throws DestinationError `INVALID_STATE` for what is no manifest, `NEWER_VERSION` for that of a newer release */
export function parseManifest(text: string, path: string, place: string): Manifest {
  let found: Partial<Manifest>;
  try {
    found = JSON.parse(text);
    if (typeof found.format !== "number" || !found.tables || !found.pipelines) throw new TypeError("parts are missing");
  } catch (cause) {
    throw new DestinationError(
      "INVALID_STATE",
      `The manifest ${path} in ${place} cannot be read: ${(cause as Error).message}. Somebody changed or truncated it. ` +
        "Restore it, or move it away to go on from the manifest before it.",
      { cause },
    );
  }
  if (found.format <= FORMAT) return found as Manifest;
  throw new DestinationError(
    "NEWER_VERSION",
    `${place} was written by a newer release (format ${found.format}, this one knows ${FORMAT}). Update this program.`,
  );
}

/** The folder of a table's files. A table has a plain name; what else it may hold is written as `%` and hex digits. */
export function tableFolder(table: string): string {
  return table.replace(/[^A-Za-z0-9_-]|^_/gu, (character) =>
    [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}
