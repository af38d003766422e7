/** One question about many things, in as few requests as their responses allow, and past rows that no response can carry. */
import { type DagsterClient, DagsterResponseError, DagsterResultError, type TypedDocument } from "@org/dagster-client";
import { type OptionalField, repeatedQuery, withoutFields } from "@org/dagster-client/sync";
import { type AnswerSize, createAnswerSize, isTooLarge, type Shape, type SourceContext } from "@org/sync-engine/source";
import type { DagsterApi } from "../api.ts";

/** Things that a request asks about, at most. */
const PER_REQUEST = 500;

/** A response larger than this, in bytes, is requested in fewer rows, as long as it has several. */
const MOST_BYTES = 8 * 1024 * 1024;

/** A thing that was asked about, and what the server answered. */
export interface Answered<Asked, Item> {
  /** As it was sent: its limit may be lower than wanted. */
  readonly asked: Asked;
  readonly item: Item;
}

/** A query about one thing, to ask about many. */
export interface Question<Asked, Item, Variables, Result> {
  readonly label: string;
  readonly document: TypedDocument<{ readonly item: Item }, Variables>;
  readonly shape: Shape;
  /** Selected fields that the server's version lacks. @default none */
  readonly lacking?: readonly OptionalField[];
  readonly variables: (asked: Asked) => Variables;
  readonly read: (item: Item) => Result;
  /** How to get past a row that is too large, or that the server cannot answer. @default it stops the stream */
  readonly rows?: {
    /** Fields that may be large. Without them, the rows only say where to go on. */
    readonly heavy: readonly string[];
    readonly of: (item: Result) => readonly object[];
    /** Names the thing, and identifies it within a sync. */
    readonly thing: (asked: Asked) => string;
    /** When a row happened. */
    readonly time: (row: never) => string;
    /** Whether a page may have fewer rows than wanted. */
    readonly isDivisible: boolean;
  };
}

const skipped = new WeakSet<object>();

/** Whether a row only says where to go on: it was reported, and is not stored. */
export const isSkipped = (row: object): boolean => skipped.has(row);

/** Whether the server failed on a part of what it was asked. */
export const isUnanswered = (error: unknown): error is Error =>
  error instanceof DagsterResponseError && error.code === "SERVER_ERROR" && error.errors.length > 0;

/** Reports what is skipped, since it is too large or since the server fails on it; once in a sync. */
export type ReportUnread = (what: string, error: Error) => void;

export function createReportUnread({ emit }: Pick<SourceContext, "emit">): ReportUnread {
  const said = new Set<string>();
  return (what, error) => {
    if (said.has(what)) return;
    said.add(what);
    const why = error.message.replace(/\.$/, "");
    const message = isTooLarge(error)
      ? `Not synced, since it is too large: ${what}: ${why}. Everything else was synced.`
      : `Dagster cannot read ${what}: ${why}. Everything else was synced.`;
    emit({ type: "problem", code: isTooLarge(error) ? "ROW_TOO_LARGE" : "UNREADABLE_ROW", message });
  };
}

/** Whether the thing is gone: it was there when the streams began. */
const isGone = (error: unknown) => error instanceof DagsterResultError && error.code === "NOT_FOUND";

export function createAskMany(client: DagsterClient, { ask }: Pick<DagsterApi, "ask">, report: ReportUnread) {
  const sizes = new Map<string, AnswerSize>();
  /** Rows per page, of things with large rows. */
  const limits = new Map<string, number>();

  /** Yields each response. Things that are gone are left out. */
  return async function* askMany<Asked extends { readonly limit?: number }, Item, Variables extends object, Result>(
    question: Question<Asked, Item, Variables, Result>,
    all: readonly Asked[],
  ): AsyncGenerator<readonly Answered<Asked, Result>[]> {
    const { label, shape, lacking = [], variables, rows } = question;
    const size = sizes.get(label) ?? createAnswerSize();
    sizes.set(label, size);
    const light = withoutParts(question.document, rows?.heavy ?? []);
    const thingOf = (asked: Asked) => `${label} ${rows?.thing(asked)}`;
    const limited = (asked: Asked): Asked => {
      const most = limits.get(thingOf(asked)) ?? Number.POSITIVE_INFINITY;
      return asked.limit !== undefined && most < asked.limit ? { ...asked, limit: most } : asked;
    };
    const send = (asked: readonly Asked[], document: typeof question.document, options: object) => {
      const query = repeatedQuery(document, asked.map(variables));
      return ask(
        label,
        shape,
        (limits) => withoutFields(client, lacking).rawRequest(query.document, query.variables, limits),
        (data, bytes) => ({ asked, bytes, found: found(asked, query.read(data), question.read) }),
        options,
      );
    };

    let most = PER_REQUEST;
    for (let start = 0; start < all.length; ) {
      let sent: readonly Asked[] = [];
      try {
        const answer = await size.fit(
          Math.min(most, all.length - start),
          (count, options) => {
            sent = all.slice(start, start + count).map(limited);
            const isDivisible = rows?.isDivisible === true && sent.some(({ limit = 1 }) => limit > 1);
            const bounded = isDivisible && { maxResponseBytes: MOST_BYTES };
            // Once the server fails on one of them, finding it must not take long.
            return send(sent, question.document, { ...bounded, ...options, ...(most < PER_REQUEST && { retries: 1 }) });
          },
          { weigh: ({ asked, bytes }) => ({ rows: asked.length, bytes }) },
        );
        start += answer.asked.length;
        most = Math.min(PER_REQUEST, most * 2);
        yield answer.found;
      } catch (error) {
        if (!rows || !(isUnanswered(error) || isTooLarge(error))) throw error;
        const [one] = sent as readonly [Asked];
        most = Math.max(1, Math.ceil(Math.min(most, sent.length) / 2));
        if (sent.length > 1) continue;
        const { limit = 1 } = one;
        if (rows.isDivisible && limit > 1) {
          limits.set(thingOf(one), Math.ceil(limit / 4));
          continue;
        }
        const { found: passed } = await send([one], light, { retries: 1 });
        for (const row of passed.flatMap(({ item }) => rows.of(item))) {
          skipped.add(row);
          report(`one of the ${label} of ${rows.thing(one)}, of ${rows.time(row as never)}`, error as Error);
        }
        // The next page may be as long as usual.
        limits.delete(thingOf(one));
        start += 1;
        yield passed;
      }
    }
  };
}

/** What was found of each thing. Those that are gone are left out. */
function found<Asked, Item, Result>(asked: readonly Asked[], items: readonly Item[], read: (item: Item) => Result) {
  return asked.flatMap((one, index): Answered<Asked, Result>[] => {
    try {
      return [{ asked: one, item: read(items[index]!) }];
    } catch (error) {
      if (!isGone(error)) throw error;
      return [];
    }
  });
}

/** A generated query (a field a line, without indentation) that does not ask for these fields. */
export function withoutParts<D>(document: D, fields: readonly string[]): D {
  if (fields.length === 0) return document;
  const names = fields.join("|");
  return String(document)
    .replace(new RegExp(`^[ \\t]*(?:${names})[ \\t]*\\r?\\n`, "gm"), "")
    .replace(new RegExp(`^([ \\t]*(?:${names})) \\{`, "gm"), "$1 @skip(if: true) {") as D;
}
