/**
 * Exports tables as files for backups and other programs, with a manifest to verify them. Needs `@duckdb/node-api`,
 * which writes them, whatever the destination is.
 */
export { exportTables } from "./export.ts";
export type { ExportColumn, ExportCompression, ExportFormat } from "./formats.ts";
export { type RemovedExport, type RemoveOptions, removeOldExports } from "./keep.ts";
export type {
  ExportedFile,
  ExportLayout,
  ExportManifest,
  ExportPosition,
  ExportRange,
  ExportRequest,
} from "./manifest.ts";
export type { ExportEvent, ExportOptions, ExportOrigin } from "./options.ts";
export {
  type ExportProblem,
  type ExportVerification,
  type VerifiedExport,
  type VerifyExportOptions,
  verifyExports,
} from "./verify.ts";
export { type ExportWindow, lastDays, momentText } from "./window.ts";
