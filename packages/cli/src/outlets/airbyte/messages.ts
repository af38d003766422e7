/** Airbyte's protocol, as far as a source speaks it: lines of JSON on stdout, logs and errors included. */
import type { Lines } from "../lines.ts";

export type LogLevel = "DEBUG" | "INFO" | "WARN" | "ERROR";
export type StreamStatus = "STARTED" | "RUNNING" | "COMPLETE" | "INCOMPLETE";
export type AirbyteFailure = "config_error" | "transient_error" | "system_error";

export interface AirbyteMessages {
  spec(spec: object): void;
  connectionStatus(status: "SUCCEEDED" | "FAILED", message?: string): void;
  catalog(catalog: object): void;
  log(level: LogLevel, message: string): void;
  streamStatus(stream: string, status: StreamStatus): void;
  error(message: string, failure: AirbyteFailure, stream?: string): void;
}

export function airbyteMessages(lines: Lines): AirbyteMessages {
  const trace = (type: string, members: object) =>
    lines.now({ type: "TRACE", trace: { type, emitted_at: Date.now(), ...members } });
  return {
    spec: (spec) => lines.now({ type: "SPEC", spec }),
    connectionStatus: (status, message) =>
      lines.now({ type: "CONNECTION_STATUS", connectionStatus: { status, ...(message !== undefined && { message }) } }),
    catalog: (catalog) => lines.now({ type: "CATALOG", catalog }),
    log: (level, message) => lines.now({ type: "LOG", log: { level, message } }),
    streamStatus: (name, status) => trace("STREAM_STATUS", { stream_status: { stream_descriptor: { name }, status } }),
    error: (message, failure, name) =>
      trace("ERROR", {
        error: {
          ...{ message, failure_type: failure },
          ...(name !== undefined && { stream_descriptor: { name } }),
        },
      }),
  };
}

/** A record's line. @param data the row as JSON */
export function recordLine(stream: string, data: string, emittedAt: number): string {
  return `{"type":"RECORD","record":{"stream":${JSON.stringify(stream)},"data":${data},"emitted_at":${emittedAt}}}\n`;
}

/** A state's line. @param records how many records of the stream came since its last one */
export function stateMessage(stream: string, state: object, records: number): object {
  return {
    type: "STATE",
    state: {
      type: "STREAM",
      stream: { stream_descriptor: { name: stream }, stream_state: state },
      sourceStats: { recordCount: records },
    },
  };
}
