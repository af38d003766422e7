/** The sequence of manifests. Every commit goes through {@link Chain.append}. */
import { randomUUID } from "node:crypto";
import {
  FORMAT,
  type Manifest,
  manifestFolder,
  manifestNumber,
  manifestPath,
  noManifest,
  parseManifest,
} from "./manifest.ts";
import type { Store } from "./store.ts";

/** How many manifests stay, for readers that have just looked up the latest one. */
const kept = 10;

export type Change = Pick<Manifest, "tables" | "pipelines">;

export class Chain {
  readonly store: Store;
  #latest: Manifest = noManifest;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.store = store;
  }

  /** The latest known manifest. */
  get latest(): Manifest {
    return this.#latest;
  }

  /** Looks up the latest manifest. */
  async refresh(): Promise<Manifest> {
    for (;;) {
      const highest = Math.max(0, ...(await this.#numbers()));
      if (highest === this.#latest.number) return this.#latest;
      const path = manifestPath(highest);
      const text = highest === 0 ? undefined : await this.store.read(path);
      if (highest === 0) this.#latest = noManifest;
      else if (text !== undefined) this.#latest = parseManifest(text, path, this.store.place);
      // Otherwise it was removed between the two calls, after ten newer ones.
      if (this.#latest.number === highest) return this.#latest;
    }
  }

  /**
   * Creates the next manifest. If another writer was faster, the change is applied again to that writer's manifest: it
   * must throw if it is no longer allowed. Calls are carried out one after the other.
   *
   * @param change turns the latest manifest into the next; `id` is the new one's
   */
  append(change: (latest: Manifest, id: string) => Change): Promise<Manifest> {
    const appended = this.#last.then(async () => {
      for (;;) {
        const id = randomUUID();
        const head = { format: FORMAT, number: this.#latest.number + 1, id, at: new Date().toISOString() };
        const next: Manifest = { ...head, ...change(this.#latest, id) };
        if ((await this.#create(next)) && (await this.#counts(next))) {
          if (next.number > this.#latest.number) this.#latest = next;
          return next;
        }
        await this.refresh();
      }
    });
    this.#last = appended.catch(() => undefined);
    return appended;
  }

  /**
   * Whether we created it. A response may be lost after the file was created, and a client that then retries by itself
   * is told that the file exists: so its content decides.
   */
  async #create(manifest: Manifest): Promise<boolean> {
    const path = manifestPath(manifest.number);
    const text = JSON.stringify(manifest);
    const isOurs = async () => (await this.store.read(path)) === text;
    try {
      return (await this.store.create(path, text)) || (await isOurs());
    } catch (error) {
      if (await isOurs().catch(() => false)) return true;
      throw error;
    }
  }

  /**
   * Whether a manifest that we created is part of the chain. It is not if this process was suspended so long that
   * others continued and removed the manifests of that time: its number was free again.
   */
  async #counts(manifest: Manifest): Promise<boolean> {
    const numbers = await this.#numbers();
    if (Math.max(...numbers) > manifest.number) {
      const latest = await this.refresh();
      const isPart = Object.values(latest.pipelines).some(({ last }) => last === manifest.id);
      if (!isPart) {
        await this.store.remove([manifestPath(manifest.number)]);
        return false;
      }
    }
    const old = numbers.filter((number) => number <= manifest.number - kept);
    // What cannot be removed now is removed next time.
    if (old.length > 0) await this.store.remove(old.map(manifestPath)).catch(() => undefined);
    return true;
  }

  async #numbers(): Promise<number[]> {
    const paths = await this.store.list(manifestFolder);
    return paths.map(manifestNumber).filter((number) => number !== undefined);
  }
}
