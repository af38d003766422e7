export { type AnswerOptions, type AnswerSize, createAnswerSize } from "./answer-size.ts";
export { SyncError, type SyncErrorCode } from "./errors.ts";
export type { SourceEvent, StreamCounts, SyncEvent } from "./events.ts";
export { inOrder } from "./in-order.ts";
export { type HostLimiter, limiterOf } from "./limiter.ts";
export { type Position, parsePosition, widenedOverlap, windowStart } from "./position.ts";
export { createRequest, type Request, type RequestOptions } from "./request.ts";
export {
  batchOf,
  defineStream,
  type ReadContext,
  type ServerDescription,
  type Source,
  type SourceContext,
  type Stored,
  type Stream,
  type StreamBatch,
} from "./source.ts";
export { defaultPipeline, type StreamResult, type SyncOptions, type SyncResult, sync } from "./sync.ts";
