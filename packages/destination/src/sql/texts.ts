import type { Batch } from "../destination.ts";
import type { StoredValues } from "../table.ts";

/** All texts of a batch: in its rows and keys, in their JSON, and in its scopes. */
export function* textsOf({
  replace = [],
  upserts = [],
  remove = [],
  keep = [],
}: {
  readonly replace?: Batch["replace"];
  readonly upserts?: readonly StoredValues[] | undefined;
  readonly remove?: Batch["remove"];
  readonly keep?: Batch["keep"];
}): Generator<string> {
  for (const { scope, rows } of replace) {
    yield* textsIn(Object.values(scope));
    yield* textsIn(rows);
  }
  for (const rows of [upserts, remove, keep]) yield* textsIn(rows);
}

/** Not recursive: JSON may be nested more deeply than the call stack allows. */
function* textsIn(values: readonly unknown[]): Generator<string> {
  const left: unknown[] = [...values];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === "string") yield value;
    else if (Array.isArray(value)) for (const item of value) left.push(item);
    else if (typeof value === "object" && value !== null) {
      for (const [name, item] of Object.entries(value)) left.push(name, item);
    }
  }
}
