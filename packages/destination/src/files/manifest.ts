/**
 * The manifest: the commit record, and everything that the destination knows. The one with the highest number counts;
 * what it does not name does not exist.
 */

import { DestinationError } from "../errors.ts";
import type { Holder } from "../holder.ts";
import type { ColumnType, Json } from "../table.ts";
import { wrongPart } from "./manifest-shape.ts";
import { parseDataPath } from "./names.ts";

/** The format of everything below. A release that changes it increments it and reads the older ones. */
export const FORMAT = 1;

export interface Manifest {
  readonly format: number;
  /** One more than that of the manifest it was derived from. */
  readonly number: number;
  /** Distinguishes it from another one that claimed the same number. */
  readonly id: string;
  /** When it was created, for information. */
  readonly at: string;
  readonly tables: Readonly<Record<string, ManifestTable>>;
  readonly pipelines: Readonly<Record<string, ManifestPipeline>>;
}

export interface ManifestTable {
  readonly pipeline: string;
  readonly primaryKey: readonly string[];
  /** In order, the destination's own included. All files have these, and `_removed`. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** Oldest first. Of the rows with the same key, the one in the latest file counts. */
  readonly files: readonly DataFile[];
  /** Replaced files, kept for a while for readers of an older manifest. */
  readonly retired: readonly { readonly path: string; readonly at: string }[];
}

export interface DataFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ManifestPipeline {
  /** Who may commit now: null if no session is open. */
  readonly writer: Writer | null;
  /** The last manifest that this pipeline created. */
  readonly last: string;
  readonly states: Readonly<Record<string, ManifestState>>;
  /**
   * Sessions that ended without committing everything they wrote: their files are removed unless a manifest names them.
   */
  readonly abandoned?: readonly AbandonedWriter[];
}

/** `at`: when it was found to have ended, as UTC text. */
export interface AbandonedWriter {
  readonly session: string;
  readonly at: string;
}

/** `until`: when its lease expires, unless it is renewed. */
export type Writer = Holder & { readonly until: string };

export interface ManifestState {
  readonly version: number;
  readonly value: Json;
  /** The tables that the stream wrote to. */
  readonly tables: readonly string[];
  /** When it was committed, as UTC text. */
  readonly at: string;
}

/** The manifest before anything was written. */
export const noManifest: Manifest = { format: FORMAT, number: 0, id: "", at: "", tables: {}, pipelines: {} };

const folder = "_sync/manifests";

export const manifestFolder = folder;

/** Leading digits, so that the order of names is the order of numbers. */
export function manifestPath(number: number): string {
  return `${folder}/${String(number).padStart(12, "0")}.json`;
}

/** The number in a manifest's path; undefined for any other file. */
export function manifestNumber(path: string): number | undefined {
  // Only files in the folder itself: below a subfolder the path would be a different one.
  const digits = path.startsWith(`${folder}/`)
    ? /^(\d{12})\.json$/.exec(path.slice(folder.length + 1))?.[1]
    : undefined;
  // The first one is 1.
  return Number(digits) || undefined;
}

/** @throws DestinationError `INVALID_STATE` for anything but a manifest, `NEWER_VERSION` for a newer release's */
export function parseManifest(text: string, path: string, place: string): Manifest {
  let found: Manifest;
  try {
    found = JSON.parse(text);
    if (typeof found?.format !== "number") throw new TypeError("format is missing or not a number");
    const wrong = found.format <= FORMAT ? wrongPart(found, manifestNumber(path)) : undefined;
    if (wrong !== undefined) throw new TypeError(`${wrong} is missing or invalid`);
  } catch (cause) {
    throw new DestinationError(
      "INVALID_STATE",
      `The manifest ${path} in ${place} cannot be read: ${(cause as Error).message}. It was changed or truncated. ` +
        "Restore it, or move it away to continue from the previous manifest.",
      { cause },
    );
  }
  if (found.format <= FORMAT) return checkPaths(found, path, place);
  throw new DestinationError(
    "NEWER_VERSION",
    `${place} was written by a newer release (format ${found.format}, this one knows ${FORMAT}). Update this program.`,
  );
}

/**
 * A manifest may come from anyone: the files it names are read and removed, so they must be where the table's files
 * are.
 */
function checkPaths(manifest: Manifest, path: string, place: string): Manifest {
  for (const [name, { files, retired }] of Object.entries(manifest.tables)) {
    for (const file of [files, retired].flat()) {
      const parts = typeof file?.path === "string" ? parseDataPath(name, file.path) : undefined;
      if (parts && !parts.isUnfinished) continue;
      throw new DestinationError(
        "INVALID_STATE",
        `The manifest ${path} in ${place} names ${JSON.stringify(file?.path)} as a file of table ${name}, which no sync ` +
          "wrote there. It was changed: restore it, or move it away to continue from the previous manifest.",
      );
    }
  }
  return manifest;
}
