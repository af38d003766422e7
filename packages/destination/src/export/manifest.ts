/**
 * An export's own files in `_exports/` of its location. `<id>.begun.json` claims the id, `<id>.plan.json` lists the
 * planned files, `<id>.<table>.<part>.json` exists once a file is complete, and `<id>.json`, the manifest, once all
 * are. None of them ever changes.
 */
import { createHash } from "node:crypto";
import { DestinationError } from "../errors.ts";
import { tableFolder } from "../files/names.ts";
import type { Holder } from "../holder.ts";
import type { Json } from "../table.ts";
import { type ExportColumn, type ExportCompression, type ExportFormat, extensionOf } from "./formats.ts";

/** The format of everything below. A release that changes it increments it. */
export const FORMAT = 1;

export const exportsFolder = "_exports";

export type ExportLayout = "date" | "hive";

/** A range of times, start included, end excluded; null at an open end. */
export interface ExportRange {
  readonly since: string | null;
  readonly until: string | null;
}

/** What was requested. An export continues an interrupted one with the same request. */
export interface ExportRequest {
  /** The name of the destination. */
  readonly from: string;
  readonly format: ExportFormat;
  readonly compression: ExportCompression;
  readonly safeCsv: boolean;
  readonly layout: ExportLayout;
  /** By the columns in each file's `datedBy`. */
  readonly window: ExportRange;
  readonly changedSince: string | null;
}

/** How far a stream had been synced before the first row was read: the rows are at least as new. */
export interface ExportPosition {
  readonly pipeline: string;
  readonly stream: string;
  /** The server's time, or null if there is none yet. */
  readonly position: string | null;
  /** When the stream's state was last written. */
  readonly committedAt: string;
}

export interface ExportedFile {
  readonly table: string;
  /** Relative to the location. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly primaryKey: readonly string[];
  /** Its number among the table's files, from 1. */
  readonly part: number;
  /** By the columns of `datedBy`, this file's part of the window. Each row is in exactly one of the table's files. */
  readonly range: ExportRange;
  /** The columns that place a row in time; null for a table without history, which has a single file. */
  readonly datedBy: readonly string[] | null;
  /** In order. */
  readonly columns: readonly ExportColumn[];
}

/** A complete export. */
export interface ExportManifest extends ExportRequest {
  readonly type: "export";
  readonly version: number;
  readonly id: string;
  readonly beganAt: string;
  readonly endedAt: string;
  readonly positions: readonly ExportPosition[];
  readonly files: readonly ExportedFile[];
  /** SHA-256 of the manifest as JSON without this field, in the order of its fields: shows that it was changed. */
  readonly digest: string;
}

/** A started export. */
export interface BegunExport {
  readonly type: "begun";
  readonly version: number;
  readonly id: string;
  readonly beganAt: string;
  readonly holder: Holder;
  readonly request: ExportRequest;
}

/** A file that an export will write, unless another one wrote the same. */
export type PlannedFile = Pick<ExportedFile, "table" | "part" | "path" | "range">;

/** All files of an export, recorded before the first of them is written. */
export interface ExportPlan {
  readonly type: "plan";
  readonly version: number;
  readonly id: string;
  readonly files: readonly PlannedFile[];
}

/** A complete file, and a fingerprint of its rows. */
export interface FileRecord {
  readonly type: "file";
  readonly file: ExportedFile;
  readonly seen: Seen;
}

/** Shows whether rows have changed: their number, and the sums of their sync and deletion times, in microseconds. */
export interface Seen {
  readonly rows: number;
  readonly synced: string;
  readonly deleted: string;
}

export const manifestPath = (id: string): string => `${exportsFolder}/${id}.json`;
export const begunPath = (id: string): string => `${exportsFolder}/${id}.begun.json`;
export const planPath = (id: string): string => `${exportsFolder}/${id}.plan.json`;
export const recordPath = (id: string, { table, part }: Pick<ExportedFile, "table" | "part">): string =>
  `${exportsFolder}/${id}.${tableFolder(table)}.${part}.json`;

/** Completes a manifest with its digest. */
export function sealed(manifest: Omit<ExportManifest, "digest">): ExportManifest {
  return { ...manifest, digest: createHash("sha256").update(JSON.stringify(manifest)).digest("hex") };
}

const idForm = /^\d{4}-\d\d-\d\dT\d{6}Z$/;

/** Whether a text is the id of an export: a second that exists, up to the year 9999. */
export function isId(text: string): boolean {
  return idForm.test(text) && !Number.isNaN(beganAt(text)) && idOf(beganAt(text)) === text;
}

/** An export's id: the second in which it started. @param at in ms since 1970 */
export function idOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(":", "")}Z`;
}

/** When an export started, from its id, in ms since 1970. */
export function beganAt(id: string): number {
  const [day, time = ""] = id.split("T");
  return Date.parse(`${day}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}Z`);
}

/** The exports in a list of names from `_exports/`, oldest first. */
export function idsIn(paths: readonly string[], end: ".json" | ".begun.json"): readonly string[] {
  return paths
    .map((path) => path.slice(path.lastIndexOf("/") + 1))
    .flatMap((name) => (name.endsWith(end) && isId(name.slice(0, -end.length)) ? name.slice(0, -end.length) : []))
    .sort();
}

/** The path of a table's file. @param part its number, from 1 */
export function filePath(
  id: string,
  table: string,
  part: number,
  { layout, format, compression }: ExportRequest,
): string {
  const [day = "", time = ""] = id.replace("Z", "").split("T");
  const name = `${tableFolder(table)}_${time}${part > 1 ? `-${part}` : ""}${extensionOf(format, compression)}`;
  return layout === "date" ? `${day.replaceAll("-", "/")}/${name}` : `${tableFolder(table)}/dt=${day}/${name}`;
}

/** Whether a path is one that we write. Anything else in a manifest must not be touched. */
function isOurs(path: string): boolean {
  return /^(?:\d{4}\/\d\d\/\d\d|[\w%-]+\/dt=\d{4}-\d\d-\d\d)\/[\w%-]+_\d{6}(?:-\d+)?\.(?:(?:csv|ndjson)\.(?:gz|zst)|parquet)$/.test(
    path,
  );
}

/** The export that wrote a file. */
function idOfPath(path: string): string {
  const [, year, month, day] = /(?:^|dt=)(\d{4})[/-](\d\d)[/-](\d\d)\/[^/]*$/.exec(path) ?? [];
  return `${year}-${month}-${day}T${/_(\d{6})(?:-\d+)?\.[^/]*$/.exec(path)?.[1]}Z`;
}

/** @throws DestinationError `INVALID_STATE` for anything that no export of this release wrote */
export function parseManifest(text: string, id: string, where: string): ExportManifest {
  const value = parsed(text, where) as Partial<ExportManifest> | null;
  if (value?.type !== "export" || !Array.isArray(value.files)) throw broken(where, "is not a manifest");
  checkVersion(value.version, where);
  for (const file of value.files as Partial<ExportedFile>[]) {
    const { path, table, rows, bytes, sha256 } = file ?? {};
    const isWhole =
      typeof table === "string" && [rows, bytes].every(Number.isSafeInteger) && typeof sha256 === "string";
    if (!isWhole || typeof path !== "string") throw broken(where, "has an invalid entry for a file");
    if (!isOurs(path)) throw broken(where, `names ${JSON.stringify(path)}, which is not a file that an export writes`);
  }
  const { digest, ...rest } = value as ExportManifest;
  if (sealed(rest).digest !== digest) throw broken(where, "does not match its digest");
  if (rest.id !== id) throw broken(where, `is the manifest of ${rest.id}`);
  return value as ExportManifest;
}

/** @throws DestinationError `INVALID_STATE` */
export function parseBegun(text: string, where: string): BegunExport {
  const value = parsed(text, where) as Partial<BegunExport> | null;
  const { holder, request, beganAt: at = "" } = value ?? {};
  const isDated = !Number.isNaN(Date.parse(at));
  if (value?.type !== "begun" || !request || !isDated || !holder || !/^[\da-f-]{36}$/.test(holder.session)) {
    throw broken(where, "is not the start of an export");
  }
  checkVersion(value.version, where);
  return value as BegunExport;
}

/** The files that an export planned. @throws DestinationError `INVALID_STATE` if it names files that are not its own */
export function parsePlan(text: string, id: string, where: string): readonly PlannedFile[] {
  const value = parsed(text, where) as Partial<ExportPlan> | null;
  const isOwn = ({ path, table, part }: Partial<PlannedFile>) =>
    typeof path === "string" && isOurs(path) && idOfPath(path) === id && typeof table === "string" && Number(part) > 0;
  if (value?.type !== "plan" || !Array.isArray(value.files)) throw broken(where, "is not the plan of an export");
  checkVersion(value.version, where);
  if (!value.files.every((file) => isOwn(file ?? {}))) throw broken(where, "names files that an export does not write");
  return value.files;
}

/** A file's record; undefined for anything else, in which case the file is written again. */
export function parseRecord(text: string): FileRecord | undefined {
  try {
    const value = JSON.parse(text) as Partial<FileRecord> | null;
    return value?.type === "file" && value.file && value.seen && isOurs(value.file.path)
      ? (value as FileRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string, where: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw broken(where, "is not JSON");
  }
}

function checkVersion(version: unknown, where: string): void {
  if (version === FORMAT) return;
  if (typeof version === "number" && version > FORMAT) {
    throw new DestinationError("NEWER_VERSION", `${where} was written by a newer release. Update this program.`);
  }
  throw broken(where, "has an unknown version");
}

function broken(where: string, reason: string): DestinationError {
  return new DestinationError(
    "INVALID_STATE",
    `${where} ${reason}. Was it changed or truncated? Restore it, or remove it.`,
  );
}
