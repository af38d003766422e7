import type { SyncEvent } from "@org/sync-engine";
import { duration } from "../duration.ts";
import { failureText } from "../render/failure.ts";
import { escaped } from "../render/safe-output.ts";

/** What an event says to people who read a host's log. */
export interface Note {
  readonly level: "INFO" | "WARN" | "ERROR";
  readonly text: string;
}

/** Undefined if an event is not worth a line. */
export function noteOf(event: SyncEvent): Note | undefined {
  switch (event.type) {
    case "stream-started":
      return info(`${event.stream}: reading ${event.mode === "incremental" ? "what changed" : "everything"}`);
    case "stream-finished":
      return info(`${event.stream}: done in ${duration(event.durationMs)}`);
    case "stream-failed":
      return { level: "ERROR", text: `${event.stream}: ${failureText(event.error)}` };
    case "request-retried": {
      const wait = duration(event.waitMs);
      const text = `${escaped(event.label)}: attempt ${event.attempt} failed, retrying in ${wait}: ${failureText(event.error)}`;
      return { level: "WARN", text };
    }
    case "notice":
      return { level: "WARN", text: withStream(event.stream, event.message) };
    case "problem":
      return { level: "ERROR", text: `skipped: ${withStream(event.stream, event.message)}` };
    default:
      return undefined;
  }
}

const info = (text: string): Note => ({ level: "INFO", text });

function withStream(stream: string | undefined, message: string): string {
  return `${stream === undefined ? "" : `${stream}: `}${escaped(message)}`;
}
