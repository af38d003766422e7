/** Calls tools for agents, and turns errors into answers that say what to change. */
import { visible, withDeadline } from "@org/kit";
import type { InsightsTool, ToolArguments, ToolResult } from "./tool.ts";

export interface CallerOptions {
  /** A call's timeout once it is its turn, in ms. @default 30_000 */
  readonly timeoutMs?: number;
}

/** As defined by the Model Context Protocol. */
export interface ToolAnswer {
  /** The result as JSON, or the error. */
  readonly text: string;
  /** @default undefined after an error */
  readonly result?: ToolResult;
  readonly isError: boolean;
}

/** Never rejects. @param signal aborts the call when its answer is no longer needed */
export type ToolCaller = (tool: InsightsTool, given: unknown, signal?: AbortSignal) => Promise<ToolAnswer>;

/**
 * Runs one call after the other, as tools of one destination require.
 *
 * DuckDB and PostgreSQL end the query of a call that takes too long. SQLite runs on the calling thread: only killing
 * the process ends a long query.
 */
export function createToolCaller({ timeoutMs = 30_000 }: CallerOptions = {}): ToolCaller {
  let last: Promise<unknown> = Promise.resolve();
  return (tool, given, signal) => {
    let work: Promise<ToolResult> | undefined;
    const answer = last.then(async (): Promise<ToolAnswer> => {
      try {
        const ask = (whole: AbortSignal) => {
          work = tool.call(argumentsOf(given), whole);
          return work;
        };
        const timeout = () => new Error(tooLong(tool, timeoutMs));
        const result = await withDeadline(ask, { timeoutMs, signals: [signal], timeout });
        return { text: JSON.stringify(result), result, isError: false };
      } catch (error) {
        return { text: messageOf(error), isError: true };
      }
    });
    // A call that times out is answered before it has ended.
    last = answer.then(() => work).catch(() => undefined);
    return answer;
  };
}

/** Agents write null when they mean to omit an argument. */
function argumentsOf(given: unknown): ToolArguments {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== null));
}

function tooLong({ name }: InsightsTool, timeoutMs: number): string {
  return `${name} took longer than ${timeoutMs / 1000} s and was cancelled. Narrow the question: a shorter window, fewer pipelines, or a query that reads fewer rows.`;
}

const MOST_OF_MESSAGE = 2000;

/** Databases repeat queries and stored values. */
function messageOf(error: unknown): string {
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  const text = visible(String(message ?? error)).slice(0, MOST_OF_MESSAGE);
  return code === "LOCKED" ? `${text} A sync is running: call again in a few seconds.` : text;
}
