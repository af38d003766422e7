export { shown } from "@org/kit";
export { type AnswerOptions, type AnswerSize, createAnswerSize, isTooLarge, type Weight } from "./answer-size.ts";
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
export { unstoredRows } from "./state.ts";
export { defaultPipeline, type SyncOptions, sync } from "./sync.ts";
export { uniqueRows } from "./unique.ts";
export type { Unstored } from "./unstored.ts";
export { createWalk, type Walk } from "./walk.ts";
