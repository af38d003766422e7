/** Reloads `runner.yaml` when it is edited. */
import { stat } from "node:fs/promises";
import type { ScheduleSet } from "@org/runner";
import { type RunnerFile, readRunner } from "../config/runner-file.ts";

/** How often to check the files for changes, in ms. */
const CHECK_INTERVAL = 2000;

type Report = (event: "changed" | "wrong", message: string) => void;

/** Rereads a file when it, or a job file that it names, changes. An invalid file is reported; the last valid version stays in use. */
export class WatchedFile {
  #file: RunnerFile;
  #stamp: string;
  #checkedAt = performance.now();
  readonly #report: Report;
  readonly #signal: AbortSignal | undefined;

  private constructor(file: RunnerFile, stamp: string, report: Report, signal: AbortSignal | undefined) {
    this.#file = file;
    this.#stamp = stamp;
    this.#report = report;
    this.#signal = signal;
  }

  static async open(file: RunnerFile, report: Report, signal?: AbortSignal): Promise<WatchedFile> {
    return new WatchedFile(file, await stampOf(file.files), report, signal);
  }

  async schedules(): Promise<ScheduleSet> {
    if (performance.now() - this.#checkedAt >= CHECK_INTERVAL) await this.#reloadIfChanged();
    return this.#file;
  }

  async #reloadIfChanged(): Promise<void> {
    this.#checkedAt = performance.now();
    const stamp = await stampOf(this.#file.files);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#file = await readRunner(this.#file.path, this.#signal);
      this.#stamp = await stampOf(this.#file.files);
      const { schedules, disabled, path } = this.#file;
      this.#report(
        "changed",
        `Reloaded ${path}: schedules enabled: ${schedules.length}, disabled: ${disabled.length}.`,
      );
    } catch (error) {
      this.#report("wrong", `Still using the previous version, until this is fixed. ${(error as Error).message}`);
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
