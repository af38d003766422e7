/** Verifies the files of a location against its manifests. */
import { posix } from "node:path";
import { DestinationError } from "../errors.ts";
import type { S3Options } from "../files/s3-options.ts";
import { unfinishedIn } from "./claim.ts";
import { type ExportManifest, exportsFolder, idsIn, manifestPath, parseManifest } from "./manifest.ts";
import { type ExportPlace, openPlace } from "./place.ts";

export interface VerifyExportOptions {
  /** Options of the bucket. */
  readonly s3?: S3Options | undefined;
  /** Receives each export's result once all its files were read. */
  readonly onExport?: ((result: VerifiedExport) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An export, and its differences from its manifest. */
export interface VerifiedExport {
  readonly id: string;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly problems: readonly ExportProblem[];
}

export interface ExportProblem {
  /** Relative to the location. */
  readonly path: string;
  /** `missing`, a different `size`, different `content`, or an unreadable `manifest`. */
  readonly kind: "missing" | "size" | "content" | "manifest";
  readonly message: string;
}

export interface ExportVerification {
  /** Oldest first. */
  readonly exports: readonly VerifiedExport[];
  /** The ids of exports without a manifest: what they wrote does not count. */
  readonly unfinished: readonly string[];
  /** Files next to exported ones that no export wrote: programs that read a whole folder would read them too. */
  readonly unexpected: readonly string[];
}

/**
 * Reads every file that a manifest of the location names, compares its size and SHA-256, and looks for other files next
 * to them.
 *
 * @throws DestinationError `NOT_FOUND` if there is no export
 */
export async function verifyExports(
  into: string,
  { s3, onExport, signal }: VerifyExportOptions = {},
): Promise<ExportVerification> {
  const place = await openPlace(into, s3);
  try {
    const others = await unfinishedIn(place);
    const unfinished = others.map(({ begun }) => begun.id).toReversed();
    const ids = idsIn(await place.list(exportsFolder), ".json");
    if (ids.length === 0 && unfinished.length === 0) {
      throw new DestinationError("NOT_FOUND", `${place.place} has no exports. Check the address.`);
    }
    const exports: VerifiedExport[] = [];
    const known = new Set(others.flatMap(({ files }) => files.map(({ path }) => path)));
    for (const id of ids) {
      const { paths, ...verified } = await verifyOne(place, id, signal);
      for (const path of paths) known.add(path);
      onExport?.(verified);
      exports.push(verified);
    }
    // If a manifest cannot be read, its files cannot be distinguished from foreign ones.
    const areKnown = exports.every(({ problems }) => problems.every(({ kind }) => kind !== "manifest"));
    return { exports, unfinished, unexpected: areKnown ? await unexpectedIn(place, known) : [] };
  } finally {
    place.close();
  }
}

async function unexpectedIn(place: ExportPlace, known: ReadonlySet<string>): Promise<readonly string[]> {
  const folders = new Set([...known].map((path) => posix.dirname(path)));
  const found: string[] = [];
  for (const folder of folders) found.push(...(await place.list(folder)).filter((path) => !known.has(path)));
  return found.toSorted();
}

interface Verified extends VerifiedExport {
  /** Of its files. */
  readonly paths: readonly string[];
}

async function verifyOne(place: ExportPlace, id: string, signal?: AbortSignal): Promise<Verified> {
  const path = manifestPath(id);
  let manifest: ExportManifest;
  try {
    manifest = parseManifest((await place.read(path)) ?? "", id, `${place.place}: ${path}`);
  } catch (error) {
    if (!(error instanceof DestinationError) || error.code !== "INVALID_STATE") throw error;
    const problems = [{ path, kind: "manifest", message: error.message }] as const;
    return { id, files: 0, rows: 0, bytes: 0, problems, paths: [] };
  }
  const { files } = manifest;
  const problems: ExportProblem[] = [];
  for (const { path: file, bytes, sha256 } of files) {
    signal?.throwIfAborted();
    const found = await place.describe(file, signal);
    if (!found) problems.push({ path: file, kind: "missing", message: "is missing, or is not a file" });
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
  const [rows, bytes] = [sum((file) => file.rows), sum((file) => file.bytes)];
  return { id, files: files.length, rows, bytes, problems, paths: files.map((file) => file.path) };
}
