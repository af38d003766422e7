/**
 * Preloaded into a process that is measured: writes what the process took since it was started, and when it sent its first
 * request, to the file that BENCH_FILE names.
 */
import { subscribe } from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";

let requestMs: number | undefined;
subscribe("undici:request:create", () => {
  requestMs ??= performance.now();
});
process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  const mb = process.resourceUsage().maxRSS / 1024;
  const took = { ms: performance.now(), cpuMs: (user + system) / 1000, mb, requestMs };
  writeFileSync(process.env.BENCH_FILE!, JSON.stringify(took));
});
