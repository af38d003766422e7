/**
 * Loaded before a program (`node --import`), this kills it with SIGKILL at the nth point at which it writes to SQLite:
 * before a statement, before a COMMIT, or just after one. `KILL_AT=17` says at which.
 */
import { DatabaseSync, StatementSync } from "node:sqlite";

const nth = Number(process.env.KILL_AT);
let reached = 0;

function point(): void {
  reached += 1;
  if (reached === nth) process.kill(process.pid, "SIGKILL");
}

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql) {
  if (sql === "COMMIT") point();
  exec.call(this, sql);
  if (sql === "COMMIT") point();
};

const { run } = StatementSync.prototype;
StatementSync.prototype.run = function (this: StatementSync, ...given: Parameters<typeof run>) {
  point();
  return run.apply(this, given);
} as typeof run;
