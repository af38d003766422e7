/**
 * Removes data files, and nothing else: those that a manifest lists as replaced, once readers have had their time, and
 * those that bear the name of a session that ended without committing them. Anything else in a table's folder belongs
 * to someone else: it stays, and is reported.
 */
import type { DestinationNotice } from "../destination.ts";
import { DestinationError } from "../errors.ts";
import { MOST_CLOCK_DIFFERENCE_MS } from "../holder.ts";
import type { AbandonedWriter, ManifestTable } from "./manifest.ts";
import { parseDataPath, tableFolder, writerName } from "./names.ts";
import type { Store } from "./store.ts";

export interface SweeperOptions {
  /** How long replaced files stay, in ms. */
  readonly graceMs: number;
  readonly onNotice: ((notice: DestinationNotice) => void) | undefined;
}

/** The number of names in a message. */
const shownNames = 5;

export class Sweeper {
  readonly #store: Store;
  readonly #options: SweeperOptions;
  /** The current session, whose own files are expected. */
  readonly #session: string;
  readonly #reported = new Set<string>();

  constructor(store: Store, session: string, options: SweeperOptions) {
    this.#store = store;
    this.#session = session;
    this.#options = options;
  }

  /**
   * Sweeps a table's folder.
   *
   * @param latest the latest manifest's entry for the table. What it reads stays, whatever the next one will say.
   * @param abandoned sessions that can no longer commit
   * @param next this session's files that the next manifest will name
   * @returns whether everything that should go is gone, and what remains of the replaced files
   */
  async sweep(
    name: string,
    { files, retired }: Pick<ManifestTable, "files" | "retired">,
    {
      abandoned,
      next = [],
    }: { readonly abandoned: readonly AbandonedWriter[]; readonly next?: ManifestTable["files"] },
  ): Promise<{ readonly isDone: boolean; readonly retired: ManifestTable["retired"] }> {
    const lying = await this.#store.list(tableFolder(name));
    const now = Date.now();
    const isRecent = (time: number) => time > now - this.#options.graceMs && time <= now + MOST_CLOCK_DIFFERENCE_MS;
    const recent = retired.filter(({ at }) => isRecent(Date.parse(at)));
    const named = new Set([...files, ...next, ...recent].map(({ path }) => path));
    const replaced = new Set(retired.map(({ path }) => path));
    const writers = new Set(abandoned.map(({ session }) => writerName(session)));
    const isOurs = (path: string) =>
      replaced.has(path) || writers.has(parseDataPath(name, path)?.writer ?? "no writer of ours");
    const others = lying.filter((path) => !named.has(path));
    this.#report(
      name,
      others.filter((path) => !isOurs(path) && parseDataPath(name, path)?.writer !== writerName(this.#session)),
    );
    const isDone = await this.#remove(others.filter(isOurs));
    return { isDone, retired: isDone ? recent : retired };
  }

  async #remove(paths: readonly string[]): Promise<boolean> {
    if (paths.length === 0) return true;
    try {
      await this.#store.remove(paths);
      return true;
    } catch (error) {
      if (!(error instanceof DestinationError)) throw error;
      this.#once("FILES_NOT_REMOVED", `${error.message} These files do not count; the next rewriting tries again.`);
      return false;
    }
  }

  #report(name: string, foreign: readonly string[]): void {
    if (foreign.length === 0) return;
    const folder = tableFolder(name);
    const names = foreign.map((path) => path.slice(folder.length + 1)).sort();
    const further = names.length > shownNames ? ` and ${names.length - shownNames} more` : "";
    this.#once(
      "FOREIGN_FILES",
      `${this.#store.place}: the folder ${folder} contains files that no manifest names: ${names.slice(0, shownNames).join(", ")}` +
        `${further}. They are left alone and ignored; move them if readers read all files of the folder.`,
      name,
    );
  }

  /** Reports something once per session. */
  #once(code: string, message: string, about = ""): void {
    const key = `${code} ${about}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#options.onNotice?.({ code, message });
  }
}
