/**
 * Preload this (`node --import`) to kill a program just before or after a statement: the first that matches `KILL_AT` once
 * the program has set `globalThis.isArmed`.
 */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { DuckDBConnection } from "@duckdb/node-api";
import pg from "pg";

const [when = "", what = "nothing"] = (process.env.KILL_AT ?? "").split(/ (.*)/s);
const pattern = new RegExp(what);

function reach(moment: string, statement: unknown): void {
  if (moment !== when || !(globalThis as { isArmed?: boolean }).isArmed || !pattern.test(String(statement))) return;
  process.kill(process.pid, "SIGKILL");
}

/** Watches a method whose first argument is a statement. */
function watch(holder: object, method: string): void {
  const methods = holder as Record<string, (...given: unknown[]) => unknown>;
  const original = methods[method] as (...given: unknown[]) => unknown;
  methods[method] = function (this: unknown, ...given) {
    reach("before", given[0]);
    const result = original.apply(this, given);
    if (!(result instanceof Promise)) reach("after", given[0]);
    return result instanceof Promise ? result.finally(() => reach("after", given[0])) : result;
  };
}

watch(DatabaseSync.prototype, "exec");
watch(DatabaseSync.prototype, "prepare");
watch(DuckDBConnection.prototype, "run");
watch(pg.Client.prototype, "query");
// The files destination commits by a hard link to the manifest.
watch(fs, "link");
syncBuiltinESMExports();
