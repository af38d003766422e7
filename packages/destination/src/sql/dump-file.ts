/** A file of text that is written by an export's way: fast, and counting its lines. */
import { type FileHandle, open } from "node:fs/promises";

const newline = 10;

export class DumpFile {
  lines = 0;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** @param path of a file that does not exist */
  static async create(path: string): Promise<DumpFile> {
    return new DumpFile(await open(path, "wx"));
  }

  async write(text: Buffer): Promise<void> {
    for (let at = text.indexOf(newline); at >= 0; at = text.indexOf(newline, at + 1)) this.lines += 1;
    await this.#handle.writeFile(text);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
