/** `runner.yaml` while it is edited. */
import { stat } from "node:fs/promises";
import type { Work } from "@org/runner";
import { type RunnerFile, readRunner } from "../config/runner-file.ts";

/** How often to look whether a file has changed, in ms. */
const LOOK = 2000;

type Tell = (event: "changed" | "wrong", message: string) => void;

/** Rereads a file when it, or a file that it names, has changed. After a mistake, which is reported, the last good version stays in use. */
export class WatchedFile {
  #file: RunnerFile;
  #stamp: string;
  #lookedAt = performance.now();
  readonly #tell: Tell;
  readonly #signal: AbortSignal | undefined;

  private constructor(file: RunnerFile, stamp: string, tell: Tell, signal: AbortSignal | undefined) {
    this.#file = file;
    this.#stamp = stamp;
    this.#tell = tell;
    this.#signal = signal;
  }

  static async open(file: RunnerFile, tell: Tell, signal?: AbortSignal): Promise<WatchedFile> {
    return new WatchedFile(file, await stampOf(file.files), tell, signal);
  }

  async work(): Promise<Work> {
    if (performance.now() - this.#lookedAt >= LOOK) await this.#look();
    return this.#file;
  }

  async #look(): Promise<void> {
    this.#lookedAt = performance.now();
    const stamp = await stampOf(this.#file.files);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#file = await readRunner(this.#file.path, this.#signal);
      this.#stamp = await stampOf(this.#file.files);
      const { schedules, disabled, path } = this.#file;
      this.#tell(
        "changed",
        `${path} has changed: ${schedules.length} schedules are enabled, ${disabled.length} are not.`,
      );
    } catch (error) {
      this.#tell("wrong", `Still using the previous version, until this is fixed. ${(error as Error).message}`);
    }
  }
}

async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = files.map(async (file) => {
    const found = await stat(file).catch(() => undefined);
    return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : "";
  });
  return (await Promise.all(stamps)).join("\n");
}
