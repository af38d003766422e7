/** Reports syncs as text and as lines of JSON: one given by options, or a configuration's pipelines. */
import type { SyncEvent, SyncResult } from "@org/sync-engine";
import { duration } from "../duration.ts";
import { exitCodes } from "../exit-code.ts";
import type { Ended } from "../sync/run-pipelines.ts";
import { resultOf, type SyncReport } from "../sync/sync.ts";
import { failureText, reportFailure } from "./failure.ts";
import { jsonLine, resultLine } from "./json.ts";
import { jsonReporter, lineReporter, reporterFor } from "./reporter.ts";
import { escaped, type SafeIo } from "./safe-output.ts";
import { grouped, textTable } from "./table.ts";

/** @param destination its name, once it is known */
export function oneForPeople(io: SafeIo, destination: () => string): SyncReport {
  return {
    reporterOf: () => reporterFor(io),
    ended(ended) {
      const result = resultOf(ended);
      if (result) io.stdout.write(resultTable(result));
      if (ended.thrown !== undefined) return void reportFailure(ended.thrown, io);
      const { durationMs, requests } = ended.result!;
      io.stdout.write(`Done in ${duration(durationMs)} with ${grouped(requests)} requests: ${destination()}\n`);
    },
  };
}

function resultTable({ streams }: SyncResult): string {
  const head = ["stream", "table", "new", "changed", "unchanged", "deleted", "read", ""];
  return textTable(
    head,
    streams.map((each) => [
      each.stream,
      each.table,
      each.inserted,
      each.updated,
      each.unchanged,
      each.deleted,
      each.mode === "incremental" ? "what changed" : "everything",
      each.error ? "FAILED" : "",
    ]),
  );
}

/** Every event, and finally the result. */
export function oneAsJson({ stdout }: SafeIo): SyncReport {
  return {
    reporterOf: () => jsonReporter(stdout),
    ended(ended) {
      stdout.write(resultLine(ended.exitCode, resultOf(ended), ended.thrown));
    },
  };
}

/** Lines that start with the pipeline's name. A progress line would have to be several. */
export function manyForPeople(io: SafeIo): SyncReport {
  const named = (name: string) => ({
    write: (text: string) => io.stderr.write(text.replace(/^(?=.)/gm, `${escaped(name)}: `)),
  });
  return {
    reporterOf: (name) => lineReporter(named(name)),
    ended({ name, thrown }) {
      if (thrown !== undefined) named(name).write(`${failureText(thrown)}\n`);
    },
    summary(all) {
      const head = ["pipeline", "new", "changed", "deleted", "requests", "time", ""];
      io.stdout.write(textTable(head, all.map(summaryRow)));
    },
  };
}

function summaryRow(ended: Ended<SyncResult>) {
  const result = resultOf(ended);
  const sum = (what: "inserted" | "updated" | "deleted") =>
    result?.streams.reduce((total, stream) => total + stream[what], 0);
  const time = result ? duration(result.durationMs) : "–";
  const how = outcomes[ended.exitCode] ?? "STOPPED";
  return [ended.name, sum("inserted"), sum("updated"), sum("deleted"), result?.requests, time, how];
}

const outcomes: Readonly<Record<number, string>> = {
  [exitCodes.done]: "done",
  [exitCodes.incomplete]: "FAILED",
  [exitCodes.configuration]: "FAILED: configuration",
  [exitCodes.comeBackLater]: "FAILED: try again later",
};

/** The same lines as for one, each with its pipeline, and a summary. */
export function manyAsJson({ stdout }: SafeIo): SyncReport {
  return {
    reporterOf(name) {
      const event = (event: SyncEvent) => stdout.write(jsonLine({ ...event, pipeline: name }));
      return { ...jsonReporter(stdout), event };
    },
    ended(ended) {
      stdout.write(resultLine(ended.exitCode, resultOf(ended), ended.thrown, ended.name));
    },
    summary(all, exitCode) {
      const pipelines = all.map((each) => ({ pipeline: each.name, exitCode: each.exitCode }));
      stdout.write(jsonLine({ type: "summary", exitCode, pipelines }));
    },
  };
}
