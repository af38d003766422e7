/** A file that rows are written into as text: through one buffer, since many short-lived ones pile up in memory. */
import { type FileHandle, open } from "node:fs/promises";

const newline = 10;
/** No character takes more bytes in UTF-8 for each of its code units. */
const mostBytes = 3;

export class DumpFile {
  lines = 0;
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(1 << 20);
  #used = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** @param path of a file that does not exist */
  static async create(path: string): Promise<DumpFile> {
    return new DumpFile(await open(path, "wx"));
  }

  /** @returns false if there is no room for the text before a {@link flush} */
  add(text: string): boolean {
    if (this.#used + text.length * mostBytes > this.#buffer.length) return false;
    this.#used += this.#buffer.write(text, this.#used);
    return true;
  }

  /** Writes what was added. */
  async flush(): Promise<void> {
    const added = this.#buffer.subarray(0, this.#used);
    this.#used = 0;
    await this.write(added);
  }

  async write(text: Buffer): Promise<void> {
    for (let at = text.indexOf(newline); at >= 0; at = text.indexOf(newline, at + 1)) this.lines += 1;
    await this.#handle.writeFile(text);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
