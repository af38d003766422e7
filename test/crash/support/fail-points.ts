/**
 * Fail points: preload this (`node --import`) to send a program a signal at a named point of a sync.
 *
 * `DAGSYNC_FAILPOINT=merged:3` kills it the third time that `merged` is reached; `merged:3=SIGINT` sends another signal;
 * `merged:3=SIGINT+HANG` sends it, reports on stderr that it was handled, and hangs. Points are recognized by the
 * program's calls to the network and to DuckDB's driver, so no published code exists only for tests.
 */
import { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** In the order in which a sync reaches them. */
export const failPoints = [
  /** An empty database was created, but not renamed yet. */
  "creating",
  /** The file is about to be opened. */
  "opening",
  /** The file is open, and its lock is held. */
  "opened",
  /** Inside the transaction that creates the destination's own tables. */
  "bookkeeping",
  /** Inside the transaction that prepares the tables. */
  "preparing",
  /** The tables are prepared. */
  "prepared",
  /** A response was read completely. */
  "answered",
  /** Inside a batch's transaction, before anything was written. */
  "begun",
  /** Its rows are in a temporary table. */
  "staged",
  /** They are merged into the table. Nothing is marked as deleted yet. */
  "merged",
  /** All rows are written. The state is still the previous one. */
  "marked",
  /** The state is saved. Only COMMIT is missing. */
  "saved",
  /** Rows and state are durable. */
  "committed",
  /** Everything is stored. The write-ahead log is about to be checkpointed into the file. */
  "closing",
  /** The checkpoint is done. */
  "checkpointed",
] as const;

export type FailPoint = (typeof failPoints)[number];

const setting = process.env.DAGSYNC_FAILPOINT;
const [, chosen, nth = "1", signal = "SIGKILL", hang] =
  /^(\w+)(?::(\d+))?(?:=(\w+)(\+HANG)?)?$/.exec(setting ?? "") ?? [];
if (setting && !failPoints.some((name) => name === chosen)) {
  throw new Error(`DAGSYNC_FAILPOINT=${setting}: write one of ${failPoints.join(", ")}, as in merged:3=SIGINT.`);
}
let reached = 0;

async function reach(name: FailPoint): Promise<void> {
  if (name !== chosen) return;
  reached += 1;
  if (reached !== Number(nth)) return;
  // The program's own listeners, which are older, run first.
  const handled = hang && new Promise((resolve) => process.once(signal, resolve));
  process.kill(process.pid, signal as NodeJS.Signals);
  if (!hang) return;
  await handled;
  process.stderr.write(`${setting}: signalled\n`);
  await new Promise(() => {});
}

/** Rows are merged by the first statement, or by the second if all are new. */
const merge = /^MERGE INTO|^INSERT INTO .* FROM temp\.main\._sync_stage/s;

/** The points just before and just after each statement. */
const statements: readonly (readonly [RegExp, before: FailPoint | undefined, after: FailPoint | undefined])[] = [
  [/^CREATE TABLE \S*_sync_state/, undefined, "bookkeeping"],
  [/^INSERT INTO \S*_sync_tables/, undefined, "preparing"],
  [/^CREATE OR REPLACE TEMP TABLE _sync_stage/, "begun", undefined],
  [merge, "staged", undefined],
  [/^INSERT INTO \S*_sync_state/, "marked", "saved"],
  [/^CHECKPOINT/, "closing", "checkpointed"],
];

let merging = false;
/** The point that the current transaction's COMMIT reaches. */
let committing: FailPoint | undefined;

async function around<T>(sql: string, execute: () => Promise<T>): Promise<T> {
  // The driver streams, so rows are certainly merged only when the next statement arrives.
  if (merging) await reach("merged");
  merging = merge.test(sql);
  const [, before, after] = statements.find(([pattern]) => pattern.test(sql)) ?? [];
  if (before) await reach(before);
  const result = await execute();
  if (after) await reach(after);
  if (after === "preparing") committing = "prepared";
  if (after === "saved") committing = "committed";
  if (sql === "COMMIT" && committing) await reach(committing);
  if (sql === "COMMIT") committing = undefined;
  return result;
}

const { run, stream } = DuckDBConnection.prototype;
DuckDBConnection.prototype.run = function (this: DuckDBConnection, ...given) {
  return around(given[0], () => run.apply(this, given));
};
DuckDBConnection.prototype.stream = function (this: DuckDBConnection, ...given) {
  return around(given[0], () => stream.apply(this, given));
};

const create = DuckDBInstance.create;
DuckDBInstance.create = async (...given) => {
  const isNew = given[0]?.endsWith(".new");
  if (!isNew) await reach("opening");
  const instance = await create.apply(DuckDBInstance, given);
  await reach(isNew ? "creating" : "opened");
  return instance;
};

const { fetch } = globalThis;
globalThis.fetch = async (...given) => {
  const response = await fetch(...given);
  const { status, headers } = response;
  const body = await response.arrayBuffer();
  await reach("answered");
  return new Response(body, { status, headers });
};
