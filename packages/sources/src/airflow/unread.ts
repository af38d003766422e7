/** Scopes that hold rows which could not be read: each sync asks for them again, until the rows come or are gone. */
import type { OnUnreadable } from "./ask.ts";
import type { AirflowScope } from "./scope.ts";

export interface Unread {
  /** Reports a row, and keeps the smallest scope that is known to hold it. */
  readonly onUnreadable: OnUnreadable;
  /**
   * Reads again what an earlier sync kept, where the user may see it. What still cannot be read is reported, and kept,
   * again.
   */
  readAgain<T>(
    isVisible: (scope: AirflowScope) => boolean,
    read: (scope: AirflowScope) => AsyncIterable<T>,
  ): AsyncGenerator<T>;
  /** What a state has to hold: what was found, and what is still to be read again. */
  owed(): readonly AirflowScope[];
  /** How many rows were found. */
  readonly count: number;
}

/** @param kept by an earlier sync */
export function createUnread(report: OnUnreadable, kept: readonly AirflowScope[] = []): Unread {
  const found = new Map<string, AirflowScope>();
  let due = kept;
  let count = 0;
  return {
    onUnreadable(row) {
      report(row);
      if (!row.scope) return;
      count += 1;
      found.set(JSON.stringify(row.scope), row.scope);
    },
    async *readAgain(isVisible, read) {
      for (const scope of due.filter(isVisible)) {
        yield* read(scope);
        due = due.filter((each) => each !== scope);
      }
    },
    owed: () => [...new Map([...due.map((scope) => [JSON.stringify(scope), scope] as const), ...found]).values()],
    get count() {
      return count;
    },
  };
}
