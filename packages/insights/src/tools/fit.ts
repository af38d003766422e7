/** Limits rows to what an agent can read. */
import { visible } from "@org/kit";

/** The maximum size of a result's rows, as JSON. */
export const MOST_BYTES = 60_000;

/** The maximum length of a value. */
const MOST_OF_VALUE = 1000;

/** A row as an agent gets it: plain JSON, without invisible characters that have an effect. */
export function plainRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [visible(name), shortened(plain(value))]));
}

function plain(value: unknown): unknown {
  if (typeof value === "string") return visible(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  // JSON cannot express it.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [visible(name), plain(each)]));
}

function shortened(value: unknown): unknown {
  if (typeof value !== "string" && (typeof value !== "object" || value === null)) return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text.length <= MOST_OF_VALUE) return value;
  // Not in the middle of a character.
  const start = text.slice(0, MOST_OF_VALUE).replace(/[\ud800-\udbff]$/, "");
  return `${start}… (${text.length} characters)`;
}

/** Collects rows up to a total size. */
export class FittingRows {
  readonly rows: Record<string, unknown>[] = [];
  /** The number of rows offered. */
  total = 0;
  #bytes = 0;
  #isFull = false;

  readonly #most: number;

  /** @param most rows */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  add(row: Readonly<Record<string, unknown>>): void {
    this.total += 1;
    if (this.#isFull) return;
    const plain = plainRow(row);
    this.#bytes += Buffer.byteLength(JSON.stringify(plain));
    this.#isFull = this.rows.length >= this.#most || (this.#bytes > MOST_BYTES && this.rows.length > 0);
    if (!this.#isFull) this.rows.push(plain);
  }

  get isCut(): boolean {
    return this.rows.length < this.total;
  }
}
