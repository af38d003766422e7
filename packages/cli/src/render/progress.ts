import type { StreamCounts, SyncEvent } from "@org/sync-engine";
import { duration } from "../duration.ts";
import { failureText } from "./failure.ts";
import { escaped } from "./safe-output.ts";
import { grouped } from "./table.ts";

/** Follows a sync's events and describes them. */
export class Progress {
  #stream: string | undefined;
  #rows = 0;
  #requests = 0;
  #outstanding = "";
  #waiting: string | undefined;
  #failure: string | undefined;

  /** Processes an event. @returns the line to print for it, if any */
  take(event: SyncEvent): string | undefined {
    switch (event.type) {
      case "sync-started":
        return escaped(`${event.source} → ${event.destination} (pipeline ${event.pipeline})`);
      case "stream-started":
        this.#stream = event.stream;
        this.#rows = 0;
        this.#requests = 0;
        this.#outstanding = "";
        return `▸ ${event.stream}: ${event.mode === "incremental" ? "reading what changed" : "reading everything"}`;
      case "batch-committed":
        if (event.stream === this.#stream) this.#rows += rowsOf(event);
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
      case "outstanding": {
        const since = event.before === null ? "" : `, of runs before ${event.before.slice(0, 10)}`;
        this.#outstanding = `, ${event.what} of ${grouped(event.rows)} rows left${since}`;
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

  /** What is happening right now. */
  status(): string | undefined {
    if (!this.#stream) return undefined;
    return `${this.#stream}: ${this.#waiting ?? `${grouped(this.#rows)} rows, ${grouped(this.#requests)} requests${this.#outstanding}`}`;
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
