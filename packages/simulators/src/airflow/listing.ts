import { textAnswer } from "../http/answer.ts";
import { detail, Problem } from "./problems.ts";

type Value = string | number | null;

/** The fields that a list can be ordered by. `id` is among them, and is the last tie-breaker of every order. */
export type OrderFields<T> = { readonly id: (row: T) => Value } & { readonly [name: string]: (row: T) => Value };

interface OrderKey<T> {
  readonly read: (row: T) => Value;
  readonly descending: boolean;
}

export interface Page<T> {
  readonly rows: T[];
  readonly total: number;
  /** Only if the page was requested by cursor. */
  readonly cursors?: { readonly next: string | null; readonly previous: string | null };
}

/** A request's order, validated. @param names as sent, with a leading minus for descending */
export function readOrder<T>(names: readonly string[], fields: OrderFields<T>): OrderKey<T>[] {
  if (names.length > 10) {
    const list = names.map((name) => `'${name}'`).join(", ");
    throw detail(400, `Ordering with more than 10 parameters is not allowed. Provided: [${list}]`);
  }
  const keys = names.map((name) => {
    const descending = name.startsWith("-");
    const field = descending ? name.slice(1) : name;
    const read = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (!read) {
      throw detail(400, `Ordering with '${field}' is disallowed or the attribute does not exist on the model`);
    }
    return { read, descending };
  });
  // The direction of the first key is that of the tie-breaker.
  if (!keys.some((key) => key.read === fields.id)) {
    keys.push({ read: fields.id, descending: keys[0]?.descending ?? false });
  }
  return keys;
}

/**
 * One page of the matching rows.
 *
 * @param rows ordered by id
 */
export function listPage<T>(
  rows: readonly T[],
  options: {
    readonly filter: (row: T) => boolean;
    readonly order: readonly OrderKey<T>[];
    readonly byId: (row: T) => Value;
    readonly limit: number;
    readonly offset: number;
    readonly cursor?: string | undefined;
  },
): Page<T> {
  const { order, limit, offset, cursor } = options;
  const found = rows.filter(options.filter);
  const total = found.length;
  if (cursor !== undefined && limit === 0) return { rows: [], total, cursors: { next: null, previous: null } };
  const plain = order.length === 1 && order[0]!.read === options.byId;
  if (!plain) found.sort((a, b) => compare(order, a, valuesOf(order, b)));
  else if (order[0]!.descending) found.reverse();
  if (cursor === undefined) return { rows: found.slice(offset, offset + limit), total };
  return { ...keysetPage(found, order, limit, cursor), total };
}

function keysetPage<T>(sorted: T[], order: readonly OrderKey<T>[], limit: number, cursor: string) {
  const backward = cursor.startsWith("~");
  const anchor = cursor === "" ? undefined : decode(backward ? cursor.slice(1) : cursor, order, sorted[0]);
  const first = anchor ? firstAfter(sorted, order, anchor, !backward) : 0;
  const from = backward ? Math.max(0, first - limit) : first;
  const page = sorted.slice(from, backward ? first : first + limit);
  const more = from + page.length < sorted.length;
  const token = (row: T | undefined) =>
    row === undefined ? null : Buffer.from(JSON.stringify(valuesOf(order, row))).toString("base64url");
  const before = anchor && from > 0 ? token(page[0]) : null;
  return {
    rows: page,
    cursors: { next: more ? token(page.at(-1)) : null, previous: before === null ? null : `~${before}` },
  };
}

/** The index of the first row behind the anchor; with `beyond` false the first that is not before it. */
function firstAfter<T>(sorted: T[], order: readonly OrderKey<T>[], anchor: Value[], beyond: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const distance = compare(order, sorted[middle]!, anchor);
    if (distance < 0 || (beyond && distance === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function valuesOf<T>(order: readonly OrderKey<T>[], row: T): Value[] {
  return order.map((key) => key.read(row));
}

/** Nulls count as the greatest values. */
function compare<T>(order: readonly OrderKey<T>[], row: T, values: Value[]): number {
  for (const [index, { read, descending }] of order.entries()) {
    const left = read(row);
    const right = values[index]!;
    if (left === right) continue;
    const smaller = left === null ? false : right === null ? true : left < right;
    return smaller !== descending ? -1 : 1;
  }
  return 0;
}

function decode<T>(token: string, order: readonly OrderKey<T>[], sample: T | undefined): Value[] {
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch {
    throw detail(400, "Invalid cursor token");
  }
  if (!Array.isArray(values)) throw detail(400, "Invalid cursor token");
  if (values.length !== order.length) throw detail(400, "Cursor token does not match current query shape");
  // A token of the other list has the same number of values of another type: the database refuses to compare them.
  const foreign = sample !== undefined && typeof values.at(-1) !== typeof order.at(-1)!.read(sample);
  if (foreign) throw new Problem(textAnswer(500, "Internal Server Error"));
  return values as Value[];
}
