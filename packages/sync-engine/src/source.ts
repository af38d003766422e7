/** The API for authors of sources: the interfaces of sources and streams, and helpers to read a server. */
export { shown } from "@org/kit";
export { type AnswerOptions, type AnswerSize, createAnswerSize, isTooLarge, type Weight } from "./answer-size.ts";
export { type AppendedOptions, type AppendedState, readAppended, type Span } from "./appended.ts";
export { parseHttpDate } from "./http-date.ts";
export { inOrder } from "./in-order.ts";
export { type HostLimiter, limiterOf, type Turn } from "./limiter.ts";
export { isMoment, type Position, parsePosition, windowStart } from "./position.ts";
export { createRequest, type Request } from "./request.ts";
export { type SamplesOptions, type SampleTable, samples } from "./samples.ts";
export { createServerClock, type ServerClock } from "./server-clock.ts";
export { expectShape, type Misfit, type Shape, shapes } from "./shape.ts";
export {
  type BatchOf,
  batchOf,
  defineStream,
  type Inventory,
  type Keeps,
  type ReadContext,
  type ServerDescription,
  type Source,
  type SourceContext,
  type Stored,
  type Stream,
  type StreamBatch,
} from "./stream.ts";
export { uniqueRows } from "./unique.ts";
export { createWalk, type Walk } from "./walk.ts";
export { type ListPage, readWholeList, type WholeListOptions, wholeBatch } from "./whole-list.ts";
