/** Lists besides dag runs and task instances. A stream declares its list, and this reads it. */
import type { AirflowClient } from "@org/airflow-client";
import {
  type AnswerSize,
  createAnswerSize,
  type ListPage,
  parseHttpDate,
  readWholeList,
  type Shape,
  type SourceContext,
  shapes,
} from "@org/sync-engine/source";
import { type AnswerShape, counted } from "./answers.ts";
import { askPage, type Limits, type PageOptions } from "./ask-page.ts";
import { isAddressable } from "./keys.ts";
import { type AskServer, LARGEST_GET } from "./listings.ts";
import { caught500, isForbidden, isNotFound, isUnknownAddress } from "./server-errors.ts";

/** A list of the server's, by offset and with a total. `Item` is one of its rows. */
export interface AirflowList<Item, Name extends string = string> {
  /** What is listed, for messages: `import errors`. */
  readonly what: string;
  /** The name of the rows in a response: `import_errors`. */
  readonly name: Name;
  /** The fields that identify a row. */
  readonly key: readonly (keyof Item & string)[];
  /** The required shape of a row's fields: those of the key, and those that rules and times depend on. */
  readonly fields: Readonly<Record<string, Shape>>;
  /** Requests a page. A list that is read whole must be ordered completely, and always in the same way. */
  page(
    client: AirflowClient,
    query: { readonly limit: number; readonly offset: number },
    limits: Limits,
  ): Promise<{ readonly data: Listed<Item, Name>; readonly response: Response; readonly bytes: number }>;
  /**
   * Requests one row. Only the fields of its key are given. Declare it where a user may see a part of a list: a row that
   * is no longer listed only counts as deleted if the server does not find it, and not if the user may no longer see it.
   * @default what is not listed is gone
   */
  readonly one?: (
    client: AirflowClient,
    key: Item,
    signal: AbortSignal,
  ) => Promise<{ readonly data: unknown; readonly response: Response }>;
}

type Listed<Item, Name extends string> = { readonly [name in Name]: readonly Item[] } & {
  readonly total_entries: number;
};

/** Declares a list. */
export function airflowList<Item extends object, const Name extends string>(
  list: AirflowList<Item, Name>,
): AirflowList<Item> {
  return list as unknown as AirflowList<Item>;
}

/** The required shape of a page of a list. */
function answerOf<Item>({ name, fields, key }: AirflowList<Item>): AnswerShape {
  return counted(name, fields, key);
}

/** A whole list, and when it was read, by the server's clock, in ms since 1970. */
export interface WholeList<Item> {
  readonly items: readonly Item[];
  readonly at: number;
}

export interface Lists {
  /** A page of a list that is too long to be read whole. */
  listPage<Item>(
    list: AirflowList<Item>,
    offset: number,
    options?: PageOptions,
  ): Promise<ListPage<Item> & { readonly at: number }>;
  /** A whole list, once per sync. Undefined if the user may not read it. */
  wholeList<Item>(list: AirflowList<Item>): Promise<WholeList<Item> | undefined>;
  /** Those of the rows that the server still has, or will not say: the user may not see them. */
  stillThere<Item, Key extends object>(list: AirflowList<Item>, rows: readonly Key[]): Promise<readonly Key[]>;
}

export function createLists(
  client: AirflowClient,
  ask: AskServer,
  { emit, now }: Pick<SourceContext, "emit" | "now">,
): Lists {
  const sizes = new Map<unknown, AnswerSize>();
  const whole = new Map<unknown, Promise<WholeList<unknown> | undefined>>();

  async function listPage<Item>(list: AirflowList<Item>, offset: number, options: PageOptions = {}) {
    const { what, name, page } = list;
    const size = sizes.get(list) ?? createAnswerSize();
    sizes.set(list, size);
    let date: string | null = null;
    const call = async (limit: number, limits: Limits) => {
      const result = await page(client, { limit, offset }, limits);
      date = result.response.headers.get("date");
      return result;
    };
    const { data, limit } = await askPage(ask, size, [what, answerOf(list)], call, {
      ...{ wanted: LARGEST_GET, least: 2 },
      ...options,
    });
    return { rows: data[name]!, total: data.total_entries, limit, at: parseHttpDate(date ?? "") ?? now() };
  }

  async function readWhole<Item>(list: AirflowList<Item>): Promise<WholeList<Item> | undefined> {
    let at: number | undefined;
    const items = await readWholeList<Item>({
      what: list.what,
      emit,
      async page(offset) {
        const page = await listPage(list, offset);
        at ??= page.at;
        return page;
      },
      keyOf: (item) => JSON.stringify(list.key.map((name) => item[name])),
      isUnavailable: isForbidden,
    });
    return items && { items, at: at ?? now() };
  }

  async function isThere<Item>(list: AirflowList<Item>, row: object): Promise<boolean> {
    const { what, one } = list;
    if (!one || !isAddressable(...Object.values(row).map(String))) return false;
    try {
      const shape = { shape: shapes.object({}) };
      await ask(`one of the ${what}`, shape, (signal) => one(client, row as never, signal) as never);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      if (!isForbidden(error) && !isUnknownAddress(error)) caught500(error);
      return true;
    }
  }

  return {
    listPage,
    async stillThere(list, rows) {
      const there = await Promise.all(rows.map(async (row) => ((await isThere(list, row)) ? [row] : [])));
      const found = there.flat();
      if (found.length > 0) {
        const message = `The server no longer lists ${found.length} of the ${list.what}, and does not say that they are gone: this user may no longer see them. Their rows stay as they are.`;
        emit({ type: "notice", code: "ROWS_HIDDEN", message });
      }
      return found;
    },
    wholeList<Item>(list: AirflowList<Item>) {
      const reading = whole.get(list) ?? readWhole(list);
      whole.set(list, reading);
      return reading as Promise<WholeList<Item> | undefined>;
    },
  };
}
