import { hash } from "node:crypto";
import type { StoredForm } from "@org/destination/adapter";

/** So many rows at most are remembered, which takes some 20 MB. */
const MOST_ROWS = 100_000;

/**
 * The rows that this run wrote last. A first sync reads its youngest rows twice: in the history, and in the window after
 * it. PyAirbyte makes two rows of a key that arrives twice in one run, so what has not changed is not written again.
 *
 * Where a host lost the first of the two, it lost the states after it too, and the next run reads the row again.
 */
export class WrittenRows {
  readonly #contents = new Map<string, string>();
  readonly #most: number;

  constructor(most = MOST_ROWS) {
    this.#most = most;
  }

  /** Remembers a version of a row. @returns false if the last version of this row was the same */
  add(table: string, id: string, content: readonly StoredForm[] | "deleted"): boolean {
    const key = digest(`${table} ${id}`);
    const text = content === "deleted" ? content : digest(JSON.stringify(content.map(String)));
    const last = this.#contents.get(key);
    this.#contents.delete(key);
    this.#contents.set(key, text);
    if (this.#contents.size > this.#most) this.#contents.delete(this.#contents.keys().next().value!);
    return last !== text;
  }
}

function digest(text: string): string {
  return hash("sha256", text, "base64").slice(0, 22);
}
