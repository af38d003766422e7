import type { StreamCounts, SyncEvent } from "@org/sync-engine";
import { duration } from "../duration.ts";
import { failureText } from "./failure.ts";
import { Rate } from "./rate.ts";
import { escaped } from "./safe-output.ts";
import { type Status, statusLine } from "./status-line.ts";
import { grouped } from "./table.ts";

type Part = NonNullable<Status["part"]>;

/** Follows a sync's events and describes them. */
export class Progress {
  readonly #now: () => number;
  #stream: string | undefined;
  #rows = 0;
  #requests = 0;
  #rowRate = new Rate();
  #part: Part | undefined;
  #partRate = new Rate();
  #waiting: string | undefined;
  #failure: string | undefined;

  /** @param now ms since 1970. @default Date.now */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Processes an event. @returns the line to print for it, if any */
  take(event: SyncEvent): string | undefined {
    switch (event.type) {
      case "sync-started":
        return escaped(`${event.source} → ${event.destination} (pipeline ${event.pipeline})`);
      case "stream-started":
        this.#stream = event.stream;
        this.#rows = 0;
        this.#requests = 0;
        this.#rowRate = new Rate();
        this.#rowRate.see(0, this.#now());
        this.#begin(undefined);
        return `▸ ${event.stream}: ${event.mode === "incremental" ? "reading what changed" : "reading everything"}`;
      case "batch-committed":
        if (event.stream !== this.#stream) return undefined;
        this.#rows += rowsOf(event);
        this.#rowRate.see(this.#rows, this.#now());
        return undefined;
      case "request-finished":
        this.#requests += 1;
        this.#waiting = undefined;
        return undefined;
      case "request-retried": {
        const line = `${escaped(event.label)}: attempt ${event.attempt} failed, retrying in ${duration(event.waitMs)}: ${failureText(event.error)}`;
        this.#waiting = `waiting for the server (attempt ${event.attempt + 1} in ${duration(event.waitMs)})`;
        return `  ${line}`;
      }
      case "stream-finished":
        this.#stream = undefined;
        return `✓ ${event.stream}: ${changes(event)} (${duration(event.durationMs)})`;
      case "stream-failed":
        this.#stream = undefined;
        return `✗ ${event.stream}: ${this.#once(failureText(event.error))}`;
      case "progress":
        this.#see({ done: event.done, total: event.total ?? undefined, backTo: event.backTo ?? undefined });
        return undefined;
      case "outstanding": {
        const { what, rows, before } = event;
        const total = this.#part?.what === what ? Math.max(this.#part.total ?? rows, rows) : rows;
        this.#see({ what, done: total - rows, total, backTo: before ?? undefined });
        return undefined;
      }
      case "notice":
        return `  ${event.stream ? `${event.stream}: ` : ""}${escaped(event.message)}`;
      case "problem":
        return `! ${event.stream ? `${event.stream}: ` : ""}${escaped(event.message)}`;
      case "concurrency-changed":
      case "sync-finished":
        return undefined;
    }
  }

  /** A server that is down fails every stream for the same reason, which is reported once. */
  #once(failure: string): string {
    if (failure === this.#failure) return "for the same reason";
    this.#failure = failure;
    return failure;
  }

  #begin(part: Part | undefined): void {
    this.#part = part;
    this.#partRate = new Rate();
  }

  #see(part: Part): void {
    if (this.#part?.what !== part.what) this.#begin(part);
    this.#part = part;
    this.#partRate.see(part.done, this.#now());
  }

  /** What is happening right now. @param width of a terminal's line. @default as long as it takes, without a bar */
  status(width?: number): string | undefined {
    if (!this.#stream) return undefined;
    const now = this.#now();
    const { done = 0, total } = this.#part ?? {};
    const isOver = total !== undefined && done >= total;
    const perSecond = this.#partRate.perSecond(now);
    const leftMs = total !== undefined && perSecond ? ((total - done) / perSecond) * 1000 : undefined;
    const status = {
      ...{ stream: this.#stream, waiting: this.#waiting, rows: this.#rows, requests: this.#requests },
      rowsPerSecond: this.#rowRate.perSecond(now),
      part: this.#part && !isOver ? { ...this.#part, leftMs } : undefined,
    };
    return statusLine(status, now, width);
  }
}

/** What a stream did to its table: `25 new, 3 changed`. */
function changes(counts: StreamCounts): string {
  const parts = [
    [counts.inserted, "new"],
    [counts.updated, "changed"],
    [counts.deleted, "deleted"],
    [counts.removed, "placeholders removed"],
  ] as const;
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, what]) => `${grouped(count)} ${what}`)
      .join(", ") || "nothing new"
  );
}

function rowsOf(counts: StreamCounts): number {
  return counts.inserted + counts.updated + counts.unchanged + counts.deleted + counts.removed;
}
