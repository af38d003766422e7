/** The manifests, one after the other. All that is ever committed here goes through {@link Chain.append}. */
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

/** How many manifests stay, for readers that have just looked which one is the latest. */
const kept = 10;

export type Change = Pick<Manifest, "tables" | "pipelines">;

export class Chain {
  readonly store: Store;
  #latest: Manifest = noManifest;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.store = store;
  }

  /** The latest manifest that was seen. */
  get latest(): Manifest {
    return this.#latest;
  }

  /** Looks which manifest is the latest. */
  async refresh(): Promise<Manifest> {
    for (;;) {
      const highest = Math.max(0, ...(await this.#numbers()));
      if (highest === this.#latest.number) return this.#latest;
      const path = manifestPath(highest);
      const text = highest === 0 ? undefined : await this.store.read(path);
      if (highest === 0) this.#latest = noManifest;
      else if (text !== undefined) this.#latest = parseManifest(text, path, this.store.place);
      // Otherwise it went between the two calls, since ten more were made meanwhile.
      if (this.#latest.number === highest) return this.#latest;
    }
  }

  /**
   * Creates the next manifest. Where another writer was faster, the change is made again to what that one wrote: it must
   * throw when it may not be made any more. Calls are carried out one after the other.
   *
   * @param change what the latest manifest becomes; `id` is the new one's
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
   * Whether it was created by us. An answer may get lost on its way after the file was made, and a client that then
   * tries again by itself is told that there is one: so what is there decides.
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
   * Whether a manifest that we created is part of the chain. One is not when this process slept so long that others had
   * gone on and removed the manifests of that time: its number was free again.
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
