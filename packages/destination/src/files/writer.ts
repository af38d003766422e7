/**
 * Controls who may write for a pipeline. The lease is part of the manifest, so it is acquired, renewed and released by
 * the same operation that commits: a session that lost it cannot commit, whatever its clock says.
 */
import { DestinationError } from "../errors.ts";
import { createHolder, type Holder, hasEnded, holderName, MOST_CLOCK_DIFFERENCE_MS, releaseHolder } from "../holder.ts";
import type { Chain, Change } from "./chain.ts";
import type { AbandonedWriter, Manifest, ManifestPipeline, Writer } from "./manifest.ts";

/** How often a lease is renewed before it would expire. */
const renewals = 4;

export class PipelineWriter {
  readonly pipeline: string;
  readonly #chain: Chain;
  readonly #holder: Holder = createHolder();
  readonly #leaseMs: number;
  /** The last manifest that this writer created, and when its lease expires by it. */
  #last = "";
  #until = 0;
  #timer: NodeJS.Timeout | undefined;
  #abandoned: readonly AbandonedWriter[] = [];

  private constructor(chain: Chain, pipeline: string, leaseMs: number) {
    this.#chain = chain;
    this.pipeline = pipeline;
    this.#leaseMs = leaseMs;
  }

  /**
   * Acquires a pipeline's lease, and renews it from then on.
   *
   * @throws DestinationError `LOCKED` while another session holds it
   */
  static async take(chain: Chain, pipeline: string, leaseMs: number): Promise<PipelineWriter> {
    const writer = new PipelineWriter(chain, pipeline, leaseMs);
    try {
      await writer.#append((latest) => {
        const held = latest.pipelines[pipeline]?.writer;
        const leftMs = held ? Date.parse(held.until) - Date.now() : 0;
        const isAlive = leftMs > 0 && leftMs <= leaseMs + MOST_CLOCK_DIFFERENCE_MS;
        if (held && isAlive && !hasEnded(held)) throw lockedBy(held, pipeline, chain);
        // A holder that did not release the lease may have written files without committing them.
        const died = held ? [{ session: held.session, at: new Date().toISOString() }] : [];
        writer.#abandoned = [...(latest.pipelines[pipeline]?.abandoned ?? []), ...died];
        return latest;
      });
    } catch (error) {
      releaseHolder(writer.#holder);
      throw error;
    }
    // A failure here is retried; a lost lease is noticed at the next commit.
    const renew = () => writer.append((latest) => latest).catch(() => undefined);
    writer.#timer = setInterval(() => {
      if (writer.#until - Date.now() < leaseMs * (1 - 1 / renewals)) void renew();
    }, leaseMs / renewals).unref();
    return writer;
  }

  /** The id of this session. */
  get session(): string {
    return this.#holder.session;
  }

  /** Earlier sessions that may have left files. */
  get abandoned(): readonly AbandonedWriter[] {
    return this.#abandoned;
  }

  /** Forgets those of {@link abandoned} that left nothing, or nothing any more. */
  forget(isSettled: (writer: AbandonedWriter) => boolean): void {
    this.#abandoned = this.#abandoned.filter((writer) => !isSettled(writer));
  }

  /**
   * Commits a change.
   *
   * @throws DestinationError `FENCED` if another session took over
   */
  append(change: (latest: Manifest) => Change & { states?: ManifestPipeline["states"] }): Promise<Manifest> {
    return this.#append((latest) => {
      this.#check(latest);
      return change(latest);
    });
  }

  /**
   * Releases the lease. Never throws: a lease that cannot be released expires.
   *
   * @param leavesFiles whether there may be files that were never committed
   */
  async release(leavesFiles = false): Promise<void> {
    clearInterval(this.#timer);
    if (leavesFiles) this.#abandoned = [...this.#abandoned, { session: this.session, at: new Date().toISOString() }];
    await this.#append((latest) => {
      this.#check(latest);
      return latest;
    }, null).catch(() => undefined);
    releaseHolder(this.#holder);
  }

  async #append(
    change: (latest: Manifest) => Change & { states?: ManifestPipeline["states"] },
    writer?: null,
  ): Promise<Manifest> {
    let until = 0;
    const made = await this.#chain.append((latest, id) => {
      const { tables, pipelines, states = pipelines[this.pipeline]?.states ?? {} } = change(latest);
      until = Date.now() + this.#leaseMs;
      const holder = writer === null ? null : { ...this.#holder, until: new Date(until).toISOString() };
      const abandoned = this.#abandoned;
      const own: ManifestPipeline = { writer: holder, last: id, states, ...(abandoned.length > 0 && { abandoned }) };
      return { tables, pipelines: { ...pipelines, [this.pipeline]: own } };
    });
    this.#last = made.id;
    this.#until = until;
    return made;
  }

  /** A late commit of our own, assumed to have failed, is just as bad: this session does not know its rows. */
  #check(latest: Manifest): void {
    const own = latest.pipelines[this.pipeline];
    if (own?.writer?.session === this.#holder.session && own.last === this.#last) return;
    throw new DestinationError(
      "FENCED",
      `${this.#chain.store.place}: another session has taken over pipeline ${this.pipeline}` +
        `${own?.writer ? ` (${holderName(own.writer)})` : ""}, so this one writes nothing any more. Sync again.`,
    );
  }
}

function lockedBy(held: Writer, pipeline: string, { store }: Chain): DestinationError {
  return new DestinationError(
    "LOCKED",
    `Pipeline ${pipeline} in ${store.place} is in use by ${holderName(held)}. Try again when it has finished; if it ` +
      `has died, its lease ends at ${held.until}.`,
  );
}
