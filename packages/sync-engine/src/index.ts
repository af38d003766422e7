export { shown } from "@org/kit";
export { type AnswerOptions, type AnswerSize, createAnswerSize, isTooLarge, type Weight } from "./answer-size.ts";
export { type CheckOptions, check } from "./check.ts";
export { type DescribeStateOptions, describeState, type StreamState } from "./describe-state.ts";
export { SyncError, type SyncErrorCode } from "./errors.ts";
export type { SourceEvent, StreamCounts, SyncEvent } from "./events.ts";
export { parseHttpDate } from "./http-date.ts";
export { inOrder } from "./in-order.ts";
export { type HostLimiter, limiterOf } from "./limiter.ts";
export { isMoment, type Position, parsePosition, widenedOverlap, windowStart } from "./position.ts";
export { createRequest, type Request, type RequestOptions } from "./request.ts";
export type { StreamResult, SyncResult } from "./result.ts";
export { createServerClock, type ServerClock } from "./server-clock.ts";
export { expectShape, type Misfit, type Shape, shapes } from "./shape.ts";
export {
  type BatchOf,
  batchOf,
  defineStream,
  type Keeps,
  type ReadContext,
  type ServerDescription,
  type Source,
  type SourceContext,
  type Stored,
  type Stream,
  type StreamBatch,
} from "./source.ts";
export type { StateDescription } from "./state.ts";
export { defaultPipeline } from "./streams.ts";
export { type SyncOptions, sync } from "./sync.ts";
export { type ExportStateOptions, exportState } from "./transfer/export-state.ts";
export { type ImportStateOptions, type ImportStateResult, importState } from "./transfer/import-state.ts";
export { uniqueRows } from "./unique.ts";
export type { Cause, Difference, DifferenceKind, TableComparison } from "./verify/compare.ts";
export type { SharedKeys } from "./verify/reread.ts";
export { type VerifyOptions, type VerifyPhase, type VerifyResult, verify } from "./verify/verify.ts";
export { createWalk, type Walk } from "./walk.ts";
