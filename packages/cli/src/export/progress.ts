import type { ExportEvent } from "@org/destination/export";
import { duration } from "../duration.ts";
import { escaped } from "../render/safe-output.ts";
import { grouped } from "../render/table.ts";

/** Follows an export, and estimates the remaining time. */
export class ExportProgress {
  readonly #now: () => number;
  #beganAt = 0;
  #total = 0;
  /** Rows of complete files. Reused ones took no time. */
  #done = 0;
  #takenOver = 0;
  #current: { readonly table: string; readonly rows: number } | undefined;

  /** @param now the time, in ms */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Processes an event. @returns the line to print for it, if any */
  take(event: ExportEvent): string | undefined {
    switch (event.type) {
      case "export-started":
        this.#beganAt = this.#now();
        this.#total = event.rows;
        return `${grouped(event.rows)} rows → ${escaped(event.into)} (${event.id})`;
      case "rows-written":
        this.#current = event;
        return undefined;
      case "file-written": {
        const { table, part, rows, bytes } = event.file;
        this.#current = undefined;
        this.#done += rows;
        if (event.resumed) this.#takenOver += rows;
        return `✓ ${table}${part > 1 ? ` (${part})` : ""}: ${grouped(rows)} rows, ${size(bytes)}${event.resumed ? ", written before" : ""}`;
      }
    }
  }

  /** What is happening right now. */
  status(): string | undefined {
    if (!this.#current) return undefined;
    const done = Math.min(this.#total, this.#done + this.#current.rows);
    const share = this.#total > 0 ? Math.floor((100 * done) / this.#total) : 100;
    const written = done - this.#takenOver;
    const leftMs = written > 0 ? ((this.#now() - this.#beganAt) * (this.#total - done)) / written : undefined;
    const left = leftMs === undefined ? "" : `, about ${duration(leftMs)} left`;
    return `${this.#current.table}: ${grouped(done)} of ${grouped(this.#total)} rows (${share} %)${left}`;
  }
}

/** A number of bytes in readable form. */
export function size(bytes: number): string {
  if (bytes < 10_000) return `${grouped(bytes)} bytes`;
  return bytes < 10_000_000 ? `${grouped(bytes / 1000)} kB` : `${grouped(bytes / 1_000_000)} MB`;
}
