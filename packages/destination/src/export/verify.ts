/** Checks a place against the manifests that are in it. */
import { DestinationError } from "../errors.ts";
import type { S3Options } from "../files/s3-options.ts";
import { unfinishedIn } from "./claim.ts";
import { type ExportManifest, exportsFolder, idsIn, manifestPath, parseManifest } from "./manifest.ts";
import { type ExportPlace, openPlace } from "./place.ts";

export interface VerifyExportOptions {
  /** Of the bucket. */
  readonly s3?: S3Options | undefined;
  /** Told of each export once all its files were read. */
  readonly onExport?: ((result: VerifiedExport) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An export, and what of it is not as its manifest says. */
export interface VerifiedExport {
  readonly id: string;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly problems: readonly ExportProblem[];
}

export interface ExportProblem {
  /** Relative to the place. */
  readonly path: string;
  /** `missing`, another `size`, another `content`, or a `manifest` that cannot be read. */
  readonly kind: "missing" | "size" | "content" | "manifest";
  readonly message: string;
}

export interface ExportVerification {
  /** The oldest first. */
  readonly exports: readonly VerifiedExport[];
  /** The ids of exports that were begun and have no manifest: what they wrote does not count. */
  readonly unfinished: readonly string[];
}

/**
 * Reads every file that a manifest of the place names, and compares its size and SHA-256.
 *
 * @throws DestinationError `NOT_FOUND` where there is no export
 */
export async function verifyExports(
  into: string,
  { s3, onExport, signal }: VerifyExportOptions = {},
): Promise<ExportVerification> {
  const place = await openPlace(into, s3);
  try {
    const unfinished = (await unfinishedIn(place)).map(({ begun }) => begun.id).toReversed();
    const ids = idsIn(await place.list(exportsFolder), ".json");
    if (ids.length === 0 && unfinished.length === 0) {
      throw new DestinationError("NOT_FOUND", `${place.place} has no exports. Check the address.`);
    }
    const exports: VerifiedExport[] = [];
    for (const id of ids) {
      const verified = await verifyOne(place, id, signal);
      onExport?.(verified);
      exports.push(verified);
    }
    return { exports, unfinished };
  } finally {
    place.close();
  }
}

async function verifyOne(place: ExportPlace, id: string, signal?: AbortSignal): Promise<VerifiedExport> {
  const path = manifestPath(id);
  let manifest: ExportManifest;
  try {
    manifest = parseManifest((await place.read(path)) ?? "", `${place.place}: ${path}`);
    if (manifest.id !== id) throw new DestinationError("INVALID_STATE", `It is the manifest of ${manifest.id}.`);
  } catch (error) {
    if (!(error instanceof DestinationError) || error.code !== "INVALID_STATE") throw error;
    return { id, files: 0, rows: 0, bytes: 0, problems: [{ path, kind: "manifest", message: error.message }] };
  }
  const { files } = manifest;
  const problems: ExportProblem[] = [];
  for (const { path: file, bytes, sha256 } of files) {
    signal?.throwIfAborted();
    const found = await place.describe(file, signal);
    if (!found) problems.push({ path: file, kind: "missing", message: "is missing" });
    else if (found.bytes !== bytes) {
      problems.push({
        path: file,
        kind: "size",
        message: `has ${found.bytes} bytes of the ${bytes} that were written`,
      });
    } else if (found.sha256 !== sha256) {
      problems.push({ path: file, kind: "content", message: "was changed: its SHA-256 differs" });
    }
  }
  const sum = (count: (file: ExportManifest["files"][number]) => number) =>
    files.reduce((total, file) => total + count(file), 0);
  return { id, files: files.length, rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes), problems };
}
