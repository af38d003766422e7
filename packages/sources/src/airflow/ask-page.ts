import type { AnswerOptions, AnswerSize } from "@org/sync-engine/source";
import type { AnswerShape } from "./answers.ts";
import { type AskServer, LARGEST_PAGE } from "./listings.ts";

/** How to request a page. */
export interface PageOptions {
  /** @default LARGEST_PAGE */
  readonly wanted?: number;
  /** Fewer rows would be useless. @default 1 */
  readonly least?: number;
  readonly serverErrorRetries?: number;
}

/** The limits of a call. */
export type Limits = { readonly signal: AbortSignal; readonly maxResponseBytes: number | undefined };

/** Requests a page of a list, with as many rows as fit into a response. */
export async function askPage<T extends object>(
  ask: AskServer,
  sizes: AnswerSize,
  [label, answer]: readonly [label: string, answer: AnswerShape],
  call: (limit: number, limits: Limits) => Promise<{ data: T; response: Response; bytes: number }>,
  { wanted = LARGEST_PAGE, least = 1, ...options }: PageOptions = {},
): Promise<{ readonly data: T; readonly limit: number }> {
  const asked = async (limit: number, { maxResponseBytes, ...sized }: AnswerOptions) => {
    let bytes = 0;
    const measured = async (signal: AbortSignal) => {
      const result = await call(limit, { signal, maxResponseBytes });
      bytes = result.bytes;
      return result;
    };
    return { data: await ask(label, answer, measured, { ...options, ...sized }), limit, bytes };
  };
  const rowsIn = (data: T) => Object.values(data).find(Array.isArray)?.length ?? 0;
  return sizes.fit(wanted, asked, { weigh: ({ data, bytes }) => ({ rows: rowsIn(data), bytes }), least });
}
