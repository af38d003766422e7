/** Removes old exports, and nothing that none of their manifests names. */
import type { S3Options } from "../files/s3-options.ts";
import { leftoversIn, readable, type Unfinished, unfinishedIn } from "./claim.ts";
import {
  begunPath,
  type ExportManifest,
  exportsFolder,
  idsIn,
  manifestPath,
  parseManifest,
  parseRecord,
  planPath,
} from "./manifest.ts";
import { type ExportPlace, openPlace } from "./place.ts";

export interface RemoveOptions {
  /** How long exports are kept after they started, in ms. */
  readonly keepMs: number;
  /** Options of the bucket. */
  readonly s3?: S3Options | undefined;
}

export interface RemovedExport {
  readonly id: string;
  /** The removed files. */
  readonly removed: readonly string[];
  /** Files that stay: another export names them too, or they have changed since they were written. */
  readonly left: readonly string[];
}

/**
 * Removes the exports of a location that started before a time, except the newest complete one. Files that no export's
 * manifest names stay, and so does a file whose size differs from its manifest.
 *
 * @throws DestinationError `INVALID_STATE` if a manifest cannot be read: its files are unknown then, so nothing is
 * removed
 */
export async function removeOldExports(into: string, { keepMs, s3 }: RemoveOptions): Promise<readonly RemovedExport[]> {
  const place = await openPlace(into, s3);
  try {
    const manifests = await readManifests(place);
    const before = Date.now() - keepMs;
    const old = manifests.slice(0, -1).filter((manifest) => Date.parse(manifest.beganAt) < before);
    const kept = new Set(manifests.filter((each) => !old.includes(each)).flatMap(pathsOf));
    const removed: RemovedExport[] = [];
    await place.remove(await leftoversIn(place));
    for (const manifest of old) removed.push(await removeExport(place, manifest, kept));
    const newest = manifests.at(-1)?.id ?? "";
    for (const unfinished of await unfinishedIn(place)) {
      const { id, beganAt } = unfinished.begun;
      const at = Date.parse(beganAt);
      // One that may still be running is left alone.
      const isOver = unfinished.isOver || at < Date.now() - 7 * 86_400_000;
      if (isOver && at < before && id < newest) removed.push(await removeUnfinished(place, unfinished));
    }
    return removed;
  } finally {
    place.close();
  }
}

/** A location's manifests, oldest first. @throws DestinationError `INVALID_STATE` */
async function readManifests(place: ExportPlace): Promise<readonly ExportManifest[]> {
  const found: ExportManifest[] = [];
  for (const id of idsIn(await place.list(exportsFolder), ".json")) {
    const text = await place.read(manifestPath(id));
    if (text !== undefined) found.push(parseManifest(text, id, `${place.place}: ${manifestPath(id)}`));
  }
  return found;
}

const pathsOf = ({ files }: ExportManifest): readonly string[] => files.map(({ path }) => path);

/** The manifest is removed last: as long as it exists, it can be used to remove the rest of the export. */
async function removeExport(
  place: ExportPlace,
  { id, files }: ExportManifest,
  kept: ReadonlySet<string>,
): Promise<RemovedExport> {
  const removed: string[] = [];
  const left: string[] = [];
  for (const { path, bytes } of files) {
    const found = await place.find(path);
    if (!found) continue;
    const isOurs = !kept.has(path) && (found.bytes ?? bytes) === bytes;
    (isOurs ? removed : left).push(path);
  }
  await place.remove(removed);
  await place.remove([manifestPath(id)]);
  return { id, removed, left };
}

/** Removes what an interrupted export left, except files that a manifest names, or that a running export reuses. */
export async function removeUnfinished(
  place: ExportPlace,
  { begun, files, records, halves }: Unfinished,
): Promise<RemovedExport> {
  const named = new Set((await readManifests(place)).flatMap(pathsOf));
  for (const other of await unfinishedIn(place)) {
    if (other.isOver || other.begun.id === begun.id) continue;
    for (const path of other.records) {
      const record = await readable(place, path, parseRecord);
      if (record) named.add(record.file.path);
    }
  }
  const paths = files.map(({ path }) => path);
  const removed = paths.filter((path) => !named.has(path));
  await place.remove(removed);
  await place.removeStaging(begun);
  // What names the files is removed last: as long as it exists, it can be used to remove the rest.
  await place.remove([...records, ...halves]);
  await place.remove([planPath(begun.id)]);
  await place.remove([begunPath(begun.id)]);
  return { id: begun.id, removed, left: paths.filter((path) => named.has(path)) };
}
