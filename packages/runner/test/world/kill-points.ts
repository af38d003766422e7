/**
 * Preload this (`node --import`) to kill a program with SIGKILL at its nth SQLite write point: before a statement, before
 * a COMMIT, or right after one. Set n with `KILL_AT=17`.
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
