/** Starts an export, and finds what it can reuse from interrupted ones. */
import { DestinationError } from "../errors.ts";
import { createHolder, type Holder, hasEnded } from "../holder.ts";
import {
  type BegunExport,
  beganAt,
  begunPath,
  type ExportRequest,
  exportsFolder,
  type FileRecord,
  FORMAT,
  idOf,
  idsIn,
  isId,
  type PlannedFile,
  parseBegun,
  parsePlan,
  parseRecord,
  planPath,
} from "./manifest.ts";
import { checkClaim, type ExportPlace, halfName } from "./place.ts";

export interface Claim {
  readonly id: string;
  /** By this machine's clock. An id is later than all others, whatever a clock says. */
  readonly beganAt: string;
  readonly holder: Holder;
}

/**
 * Claims an id that is unique, and later than all existing ones: of all exports that start within one second, the
 * location admits one. An earlier id may be free again, but not the names of its files.
 */
export async function claim(place: ExportPlace, request: ExportRequest): Promise<Claim> {
  const holder = createHolder();
  const names = await place.list(exportsFolder);
  const latest = [...idsIn(names, ".json"), ...idsIn(names, ".begun.json")].map(beganAt);
  const clock = Date.now();
  const first = Math.max(clock, ...latest.map((at) => at + 1000));
  for (let second = 0; second < 60; second += 1) {
    const id = idOf(first + second * 1000);
    if (!isId(id)) throw tooLate(place, idOf(Math.max(...latest)));
    const began = new Date(clock).toISOString();
    const begun: BegunExport = { type: "begun", version: FORMAT, id, beganAt: began, holder, request };
    const text = `${JSON.stringify(begun, null, 1)}\n`;
    if (!(await place.create(begunPath(id), text))) continue;
    checkClaim(place.place, await place.create(begunPath(id), text));
    return { id, beganAt: began, holder };
  }
  throw new DestinationError(
    "LOCKED",
    `Sixty other exports into ${place.place} started in this minute. Try again later.`,
  );
}

function tooLate(place: ExportPlace, latest: string): DestinationError {
  return new DestinationError(
    "INVALID_STATE",
    `${place.place} holds an export of ${latest}, and none can have a later name. Remove the files in ${exportsFolder}/ ` +
      `whose names begin with ${latest}.`,
  );
}

/** An export without a manifest. */
export interface Unfinished {
  readonly begun: BegunExport;
  /** The files that it was going to write; empty if it had no plan yet. */
  readonly files: readonly PlannedFile[];
  /** The paths of its records. */
  readonly records: readonly string[];
  /** The partial files that it left. */
  readonly halves: readonly string[];
  /** Whether it is known that it will never have a manifest. */
  readonly isOver: boolean;
}

/** Exports without a manifest, newest first. What cannot be read is left alone. */
export async function unfinishedIn(place: ExportPlace): Promise<readonly Unfinished[]> {
  const names = await place.list(exportsFolder);
  const whole = new Set(idsIn(names, ".json"));
  const found: Unfinished[] = [];
  for (const id of idsIn(names, ".begun.json").toReversed()) {
    if (whole.has(id)) continue;
    const begun = await readable(place, begunPath(id), (text) => parseBegun(text, begunPath(id)));
    const hasPlan = names.includes(planPath(id));
    const files = hasPlan ? await readable(place, planPath(id), (text) => parsePlan(text, id, planPath(id))) : [];
    if (!begun || begun.id !== id || !files) continue;
    const [records, halves] = [recordsIn(names, id), halvesIn(names, id)];
    found.push({ begun, files, records, halves, isOver: hasEnded(begun.holder) });
  }
  return found;
}

/** Paths of what exports left that were stopped after their manifests were written. */
export async function leftoversIn(place: ExportPlace): Promise<readonly string[]> {
  const names = await place.list(exportsFolder);
  return idsIn(names, ".json").flatMap((id) =>
    [begunPath(id), planPath(id), ...recordsIn(names, id), ...halvesIn(names, id)].filter((path) =>
      names.includes(path),
    ),
  );
}

const halvesIn = (names: readonly string[], id: string) =>
  names.filter((name) => name.startsWith(`${exportsFolder}/${id}.`) && halfName.test(name));

const recordsIn = (names: readonly string[], id: string) =>
  names.filter((name) => name.startsWith(`${exportsFolder}/${id}.`) && /\.[\w%-]+\.\d+\.json$/.test(name));

/** The records of an unfinished export with the same request, for files that are still what was written. */
export async function recordsOf(
  place: ExportPlace,
  { begun, files, records }: Unfinished,
  request: ExportRequest,
  signal?: AbortSignal,
): Promise<readonly FileRecord[]> {
  if (JSON.stringify(begun.request) !== JSON.stringify(request)) return [];
  const found: FileRecord[] = [];
  for (const path of records) {
    const record = await readable(place, path, parseRecord);
    const isOwn = files.some((file) => file.path === record?.file.path && file.table === record.file.table);
    if (record && isOwn && (await place.isWhole(record.file, signal))) found.push(record);
  }
  return found;
}

/** Whether a file still exists where it was written, with the same length. */
export async function isThere(place: ExportPlace, { path, bytes }: FileRecord["file"]): Promise<boolean> {
  const found = await place.find(path);
  return found !== undefined && (found.bytes ?? bytes) === bytes;
}

/** What a file of `_exports/` says; undefined if it is missing, or cannot be understood. */
export async function readable<T>(
  place: ExportPlace,
  path: string,
  parse: (text: string) => T | undefined,
): Promise<T | undefined> {
  try {
    const text = await place.read(path);
    return text === undefined ? undefined : parse(text);
  } catch (error) {
    if (error instanceof DestinationError && error.code !== "INVALID_STATE") throw error;
    return undefined;
  }
}
