/**
 * A destination that is queried repeatedly while syncs, of this process or of any other, write to it.
 *
 * It is inspected on request, and only so often that this takes a small share of the time. A stamp identifies what was
 * seen: texts made from it are kept until the stamp changes. Nothing stays open between requests, so a DuckDB file is
 * free for a sync, and no connection goes stale.
 */
import { createHash } from "node:crypto";
import type { Destination, StoredPipeline } from "@org/destination";
import pLimit from "p-limit";
import { type Insights, openInsights } from "../answer.ts";
import { asOfOf } from "../as-of.ts";
import { InsightsError } from "../errors.ts";
import { textOf } from "../moments.ts";

/** What a destination contained when it was inspected. */
export interface Look {
  /** Changes with each sync. */
  readonly stamp: string;
  /** The time that the tables show, as UTC text. */
  readonly asOf: string;
  /** Of the pipelines that are followed. */
  readonly contents: readonly StoredPipeline[];
}

/** A text, and the time that it shows. */
export interface MadeText {
  readonly text: string;
  readonly asOf: string;
}

/** The minimum time between inspections, in ms. */
const PAUSE = 500;
/** Inspections take at most one part in this many of the time, but news is never more than a minute late. */
const SHARE = 20;
const LONGEST_PAUSE = 60_000;
/** The number of kept texts: the page, and what several of its readers request. */
const KEPT = 32;
/** The number of texts made at once. */
const AT_ONCE = 3;
/** The maximum number of waiting requests. */
const WAITING = 64;

export class Follower {
  readonly #destination: Destination;
  readonly #pipelines: readonly string[] | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #texts = new Map<string, Promise<MadeText>>();
  #look: Look | undefined;
  #trouble: { readonly error: unknown } | undefined;
  #failures = 0;
  #looking: Promise<void> | undefined;
  #nextAt = 0;
  // A page may take long, and must block neither metrics nor single answers. More would each need a connection, and be
  // no faster.
  readonly #limit = pLimit(AT_ONCE);

  /** @param pipelines only these. @default all */
  constructor(destination: Destination, pipelines?: readonly string[], signal?: AbortSignal) {
    this.#destination = destination;
    this.#pipelines = pipelines;
    this.#signal = signal;
  }

  /** Why the last inspection failed, if it did. */
  get trouble(): { readonly error: unknown } | undefined {
    return this.#trouble;
  }

  /** How many inspections failed. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * What is stored; if it cannot be inspected now, such as while a sync holds a file, what was seen last.
   *
   * @throws InsightsError `NO_SQL`, `NO_TABLES`; DestinationError if nothing was seen yet
   */
  async look(): Promise<Look> {
    this.#signal?.throwIfAborted();
    if (this.#look && this.#isHeld) return this.#look;
    if (performance.now() >= this.#nextAt) {
      this.#looking ??= this.#lookAgain().finally(() => {
        this.#looking = undefined;
      });
    }
    await this.#looking;
    if (this.#look) return this.#look;
    throw this.#trouble?.error ?? new Error("Nothing was looked at.");
  }

  /**
   * A text made from stored data: the cached one if nothing was synced since.
   *
   * @param key its key in the cache
   */
  async text(key: string, make: (insights: Insights, look: Look) => Promise<string>): Promise<MadeText> {
    const look = await this.look();
    const name = `${look.stamp} ${key}`;
    const kept = this.#texts.get(name);
    if (kept) return kept;
    if (this.#limit.pendingCount >= WAITING) throw new TooMany();
    const text = this.#limit(async () => {
      const { contents } = look;
      const insights = await openInsights(this.#destination, { signal: this.#signal, contents });
      try {
        return { text: await make(insights, look), asOf: look.asOf };
      } finally {
        await insights.close();
      }
    });
    this.#texts.set(name, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= KEPT) break;
      this.#texts.delete(oldest);
    }
    text.catch(() => this.#texts.delete(name));
    return text;
  }

  /** Whether it is being read now and is a locked file, so that an inspection would have to wait. */
  get #isHeld(): boolean {
    const { activeCount, pendingCount } = this.#limit;
    return this.#destination.capabilities.fencing === "lock" && activeCount + pendingCount > 0;
  }

  async #lookAgain(): Promise<void> {
    const began = performance.now();
    try {
      const look = await this.#seen();
      // Texts made from an older state are not requested any more.
      if (look.stamp !== this.#look?.stamp) this.#texts.clear();
      this.#look = look;
      this.#trouble = undefined;
    } catch (error) {
      // A sync in progress is no trouble: what was seen before it is still what is stored.
      if (!(this.#look && (error as { code?: unknown }).code === "LOCKED")) {
        this.#trouble = { error };
        this.#failures += 1;
      }
    }
    const ended = performance.now();
    this.#nextAt = ended + Math.min(LONGEST_PAUSE, Math.max(PAUSE, (ended - began) * SHARE));
  }

  async #seen(): Promise<Look> {
    const { name } = this.#destination;
    const contents = await this.#destination.contents?.(this.#signal ? { signal: this.#signal } : {});
    if (!contents || !this.#destination.read) {
      throw new InsightsError("NO_SQL", `${name} does not support SQL: sync into DuckDB, SQLite, PostgreSQL or files.`);
    }
    const names = this.#pipelines;
    const own = names ? contents.filter(({ pipeline }) => names.includes(pipeline)) : contents;
    const asOf = asOfOf(own);
    if (asOf === undefined) {
      const whose = names ? ` of ${names.join(", ")}` : "";
      throw new InsightsError("NO_TABLES", `${name} has no synced data${whose}: sync into it first.`);
    }
    return { contents: own, asOf: textOf(asOf), stamp: stampOf(own) };
  }
}

/** Questions arrive faster than they can be answered. */
export class TooMany extends Error {
  override readonly name = "TooMany";

  constructor() {
    super("Too many pending requests. Try again in a moment.");
  }
}

/**
 * From the streams' positions, which move when a sync ends. A stream without one is being read for the first time,
 * batch by batch, so its commits count.
 */
function stampOf(contents: readonly StoredPipeline[]): string {
  const facts = contents.map(({ pipeline, tables, streams }) => [
    pipeline,
    tables.map(({ name }) => name),
    streams.map(({ stream, state, committedAt }) => [stream, reachedBy(state?.value) ?? committedAt]),
  ]);
  return createHash("sha256").update(JSON.stringify(facts)).digest("base64url").slice(0, 16);
}

function reachedBy(value: unknown): unknown {
  const { data, reconciled_at } = (value ?? {}) as {
    readonly data?: { readonly position?: unknown };
    reconciled_at?: unknown;
  };
  return data?.position && [data.position, reconciled_at];
}
