/** The API for running syncs: sync, check, verify, and move pipelines between destinations. */
export type { LimitChange } from "./adaptive-limit.ts";
export { type CheckOptions, check } from "./check.ts";
export { type DescribeStateOptions, describeState, type StreamState } from "./describe-state.ts";
export { SyncError, type SyncErrorCode } from "./errors.ts";
export type { HistoryProgress, Outstanding, SourceEvent, SourceMessage, StreamCounts, SyncEvent } from "./events.ts";
export { type ReadInventoryOptions, readInventory } from "./read-inventory.ts";
export type { RequestOptions } from "./request.ts";
export type { StreamResult, SyncResult } from "./result.ts";
export { describeStreamState, type StateDescription } from "./state.ts";
export type { Inventory, ServerDescription, Source, Stream } from "./stream.ts";
export { chooseStreams, defaultPipeline, streamNames } from "./streams.ts";
export { type SyncOptions, sync } from "./sync.ts";
export { type SyncEveryOptions, type SyncLoopEvent, type SyncOutcome, syncEvery } from "./sync-every.ts";
export { type ExportStateOptions, exportState } from "./transfer/export-state.ts";
export { type ImportStateOptions, type ImportStateResult, importState } from "./transfer/import-state.ts";
export type { Cause, Difference, DifferenceKind, TableComparison } from "./verify/compare.ts";
export type { SharedKeys } from "./verify/reread.ts";
export { type VerifyOptions, type VerifyPhase, type VerifyResult, verify } from "./verify/verify.ts";
