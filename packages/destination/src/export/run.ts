/** One export, from its claim to its manifest. */
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { DestinationError } from "../errors.ts";
import { describeFile } from "../files/scratch.ts";
import type { Table } from "../table.ts";
import { type Claim, isThere, leftoversIn, recordsOf, type Unfinished } from "./claim.ts";
import { columnsOf } from "./formats.ts";
import { removeUnfinished } from "./keep.ts";
import {
  begunPath,
  type ExportedFile,
  type ExportManifest,
  type ExportPlan,
  type ExportRequest,
  type FileRecord,
  FORMAT,
  filePath,
  manifestPath,
  type PlannedFile,
  planPath,
  recordPath,
  type Seen,
  sealed,
} from "./manifest.ts";
import type { ExportOptions, ExportOrigin } from "./options.ts";
import { cut, type Hour, seenIn, whole } from "./parts.ts";
import type { ExportPlace } from "./place.ts";
import { openSource, type TableSource } from "./source.ts";
import { conditionSql } from "./window.ts";

export interface RunParts {
  readonly origins: readonly ExportOrigin[];
  readonly options: ExportOptions;
  readonly request: ExportRequest;
  readonly place: ExportPlace;
  readonly own: Claim;
  /** Exports that were started earlier. */
  readonly others: readonly Unfinished[];
}

/** An origin that is being read. */
interface Opened {
  readonly source: TableSource;
  readonly tables: readonly Table[];
  /** For files that are being written. */
  readonly folder: string;
}

/** Above this, a table gets several files. */
const defaultRowsPerFile = 2_000_000;

const json = (value: object) => `${JSON.stringify(value, null, 1)}\n`;
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export class Run {
  readonly #options: ExportOptions;
  readonly #parts: RunParts;
  /** Files of interrupted exports. */
  #found: readonly FileRecord[] = [];

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#options = parts.options;
  }

  async carryOut(): Promise<ExportManifest> {
    const { origins, request, place, own, others } = this.#parts;
    const { id, beganAt } = own;
    const { signal } = this.#options;
    const positions = (await this.#options.positions?.()) ?? [];
    const found: FileRecord[] = [];
    for (const other of others) found.push(...(await recordsOf(place, other, request, signal)));
    this.#found = found;
    const staging = await place.makeStaging(own);
    const opened: Opened[] = [];
    const files: ExportedFile[] = [];
    try {
      for (const [index, { destination, tables }] of origins.entries()) {
        const folder = join(staging, String(index));
        await mkdir(folder);
        opened.push({ source: await openSource(destination, folder, signal), tables, folder });
      }
      const planned = await this.#plan(opened);
      for (const origin of opened) files.push(...(await this.#origin(origin, planned)));
    } finally {
      for (const { source } of opened) await source.close();
      await rm(staging, { recursive: true, force: true, maxRetries: 3 });
    }
    await this.#checkFound(files);
    const times = { beganAt, endedAt: new Date().toISOString() };
    const manifest = sealed({ type: "export", version: FORMAT, id, ...times, ...request, positions, files });
    signal?.throwIfAborted();
    await place.create(manifestPath(id), json(manifest));
    await this.#cleanUp();
    return manifest;
  }

  /** Records the planned files before the first one is written, so that each of them can be attributed. */
  async #plan(opened: readonly Opened[]): Promise<readonly PlannedFile[]> {
    const { place, own } = this.#parts;
    const planned: PlannedFile[] = [];
    let rows = 0;
    for (const { source, tables } of opened) {
      for (const table of tables) {
        const hours = await source.see(table, this.#condition(source, table));
        rows += hours.reduce((sum, hour) => sum + hour.rows, 0);
        planned.push(...this.#filesOf(table, hours));
      }
    }
    const plan: ExportPlan = { type: "plan", version: FORMAT, id: own.id, files: planned };
    await place.create(planPath(own.id), json(plan));
    this.#options.onEvent?.({ type: "export-started", id: own.id, rows, into: place.place });
    return planned;
  }

  #filesOf(table: Table, hours: readonly Hour[]): readonly PlannedFile[] {
    const { own, request } = this.#parts;
    const { rowsPerFile = defaultRowsPerFile } = this.#options;
    const kept = this.#recordsFor(table)
      .filter(({ file, seen }) => isSame(seen, seenIn(hours, file.range)))
      .map(({ file }) => file.range)
      .filter((range, index, all) => !all.slice(0, index).some((other) => overlap(range, other)));
    const ranges = table.datedBy ? cut(hours, rowsPerFile, kept) : [whole];
    return ranges.map((range, index) => {
      const part = index + 1;
      return { table: table.name, part, path: filePath(own.id, table.name, part, request), range };
    });
  }

  async #origin(origin: Opened, planned: readonly PlannedFile[]): Promise<readonly ExportedFile[]> {
    const files: ExportedFile[] = [];
    for (const table of origin.tables) {
      const own = planned.filter((file) => file.table === table.name);
      files.push(...(await origin.source.snapshot(() => this.#table(origin, table, own))));
    }
    return files;
  }

  /** Files of the table that others wrote, with the columns that it has now. */
  #recordsFor(table: Table): readonly FileRecord[] {
    return this.#found.filter(({ file }) => file.table === table.name && isSame(file.columns, columnsOf(table)));
  }

  #condition(source: TableSource, table: Table): string {
    const { window = {}, changedSince } = this.#options;
    return conditionSql(source.dialect, table, window, changedSince);
  }

  async #table(origin: Opened, table: Table, planned: readonly PlannedFile[]): Promise<readonly ExportedFile[]> {
    const { source } = origin;
    const { place, own } = this.#parts;
    const { onEvent } = this.#options;
    const hours = await source.see(table, this.#condition(source, table));
    const files: ExportedFile[] = [];
    for (const plan of planned) {
      const seen = seenIn(hours, plan.range);
      const found = this.#recordsFor(table).find(
        (record) => isSame(record.file.range, plan.range) && isSame(record.seen, seen),
      );
      const file = found ? { ...found.file, part: plan.part } : await this.#write(origin, table, plan, seen);
      await place.create(recordPath(own.id, plan), json({ type: "file", file, seen }));
      onEvent?.({ type: "file-written", file, resumed: found !== undefined });
      files.push(file);
    }
    return files;
  }

  async #write(
    { source, folder }: Opened,
    table: Table,
    { part, path, range }: PlannedFile,
    { rows: expected }: Seen,
  ): Promise<ExportedFile> {
    const { place, request } = this.#parts;
    const { onEvent, signal } = this.#options;
    const file = join(folder, basename(path));
    const condition = `${this.#condition(source, table)} AND ${conditionSql(source.dialect, table, range)}`;
    const rows = await source.write(table, {
      ...{ form: request, condition, file, expected },
      onRows: onEvent && ((written) => onEvent({ type: "rows-written", table: table.name, rows: written })),
    });
    const described = await describeFile(file);
    signal?.throwIfAborted();
    await place.put(file, path, signal);
    return {
      ...{ table: table.name, part, path, rows, ...described, range },
      datedBy: table.datedBy ? [...table.datedBy, "_synced_at"] : null,
      primaryKey: table.primaryKey,
      columns: columnsOf(table),
    };
  }

  /** Another export of the same request may have removed files that it considered abandoned. */
  async #checkFound(files: readonly ExportedFile[]): Promise<void> {
    const { place } = this.#parts;
    for (const file of files) {
      if (!this.#found.some((record) => record.file.path === file.path) || (await isThere(place, file))) continue;
      throw new DestinationError(
        "LOCKED",
        `Another export into ${place.place} removed ${file.path} meanwhile. Run this one again.`,
      );
    }
  }

  /**
   * Removes what is no longer needed: records, and everything of the same request's interrupted exports, except shared
   * files.
   */
  async #cleanUp(): Promise<void> {
    const { place, own, others, request } = this.#parts;
    const over = others.filter(({ begun, isOver }) => isOver && isSame(begun.request, request));
    for (const unfinished of over) await removeUnfinished(place, unfinished);
    const leftovers = (await leftoversIn(place)).filter((path) => path !== begunPath(own.id));
    await place.remove([...leftovers, begunPath(own.id)]);
  }
}

function overlap(a: ExportedFile["range"], b: ExportedFile["range"]): boolean {
  const isBefore = (one: typeof a, other: typeof a) =>
    one.until !== null && other.since !== null && one.until <= other.since;
  return !isBefore(a, b) && !isBefore(b, a);
}
