/** The beginning of an export, and what it can take over from others that did not come to their end. */
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
  filePath,
  idOf,
  idsIn,
  parseBegun,
  parseRecord,
  recordPath,
} from "./manifest.ts";
import { checkClaim, type ExportPlace } from "./place.ts";

export interface Claim {
  readonly id: string;
  readonly beganAt: string;
  readonly holder: Holder;
}

/**
 * Makes an id nobody else's, and later than all that are there: of all exports that begin in one second, the place lets one
 * have it. An earlier id may be free again, but not the names of the files that it stood for.
 */
export async function claim(place: ExportPlace, request: ExportRequest, tables: readonly string[]): Promise<Claim> {
  const holder = createHolder();
  const names = await place.list(exportsFolder);
  const latest = [...idsIn(names, ".json"), ...idsIn(names, ".begun.json")].map(beganAt);
  const now = Math.max(Date.now(), ...latest.map((at) => at + 1000));
  for (let second = 0; second < 60; second += 1) {
    const at = now + second * 1000;
    const id = idOf(at);
    const begun: BegunExport = {
      type: "begun",
      version: FORMAT,
      id,
      beganAt: new Date(at).toISOString(),
      holder,
      request,
      paths: tables.map((table) => filePath(id, table, request)),
    };
    const text = `${JSON.stringify(begun, null, 1)}\n`;
    if (!(await place.create(begunPath(id), text))) continue;
    checkClaim(place.place, await place.create(begunPath(id), text));
    return { id, beganAt: begun.beganAt, holder };
  }
  throw new DestinationError(
    "LOCKED",
    `Sixty other exports into ${place.place} started in this minute. Try again later.`,
  );
}

/** An export that has no manifest. */
export interface Unfinished {
  readonly begun: BegunExport;
  /** The paths of its records. */
  readonly records: readonly string[];
  /** Whether it is known that it will never have one. */
  readonly isOver: boolean;
}

/** The exports that were begun and have no manifest, the newest first. What cannot be read is left alone. */
export async function unfinishedIn(place: ExportPlace): Promise<readonly Unfinished[]> {
  const names = await place.list(exportsFolder);
  const whole = new Set(idsIn(names, ".json"));
  const found: Unfinished[] = [];
  for (const id of idsIn(names, ".begun.json").toReversed()) {
    if (whole.has(id)) continue;
    const text = await place.read(begunPath(id));
    const begun = text === undefined ? undefined : readable(() => parseBegun(text, begunPath(id)));
    if (!begun || begun.id !== id) continue;
    const records = names.filter((name) => name.startsWith(`${exportsFolder}/${id}.`) && name !== begunPath(id));
    found.push({ begun, records, isOver: hasEnded(begun.holder) });
  }
  return found;
}

/** A file of an unfinished export with the same request, where it is still there as it was written. */
export async function recordOf(
  place: ExportPlace,
  { begun, records }: Unfinished,
  request: ExportRequest,
  table: string,
): Promise<FileRecord | undefined> {
  const path = recordPath(begun.id, table);
  if (JSON.stringify(begun.request) !== JSON.stringify(request) || !records.includes(path)) return undefined;
  const record = parseRecord((await place.read(path)) ?? "");
  if (!record || record.file.table !== table || !begun.paths.includes(record.file.path)) return undefined;
  const found = await place.find(record.file.path);
  return found && (found.bytes ?? record.file.bytes) === record.file.bytes ? record : undefined;
}

function readable<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
