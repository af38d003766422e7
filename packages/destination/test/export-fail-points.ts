/**
 * Loaded before an export (`node --import`), this kills it before or after its nth write into a folder: `EXPORT_KILL=7`. The
 * export knows nothing of it. Everything that it puts into its place it links there, and what it removes it removes by name.
 */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const nth = Number(process.env.EXPORT_KILL ?? 0);
let reached = 0;

function reach(): void {
  reached += 1;
  if (reached === nth) process.kill(process.pid, "SIGKILL");
}

const { link, rm } = fs;
fs.link = async (from, to) => {
  reach();
  await link(from, to);
  reach();
};
fs.rm = async (path, options) => {
  reach();
  await rm(path, options);
};
syncBuiltinESMExports();
process.on("exit", () => process.stdout.write(`${reached}\n`));
