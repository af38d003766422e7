/** Exports task instances in a process of its own, and prints the most memory that it ever had, in MB. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExportFormat, exportTables } from "@org/destination/export";
import { taskInstancesTable } from "@org/sources/airflow";
import { destinationAt, type Origin } from "../../bench/export-rows.ts";

const [origin, address, format, rowsPerFile] = process.argv.slice(2) as [Origin, string, ExportFormat, string];
const into = mkdtempSync(join(tmpdir(), "export-memory-"));
try {
  const destination = destinationAt(origin, address);
  await exportTables(destination, { into, tables: [taskInstancesTable], format, rowsPerFile: Number(rowsPerFile) });
} finally {
  rmSync(into, { recursive: true, force: true });
}
console.log(process.resourceUsage().maxRSS / 1024);
