/** A text file that rows are written to through a single buffer, since many short-lived ones pile up in memory. */
import { type FileHandle, open } from "node:fs/promises";
import { writing } from "../no-space.ts";

const newline = 10;
/** The maximum number of UTF-8 bytes per UTF-16 code unit. */
const bytesPerUnit = 3;

export class DumpFile {
  /** How many line breaks were written. */
  lines = 0;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(1 << 20);
  #used = 0;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** @param path of a file that does not exist yet */
  static async create(path: string): Promise<DumpFile> {
    return new DumpFile(path, await writing(path, () => open(path, "wx")));
  }

  /** Adds all of the texts to the buffer, or none. @returns false if they do not fit: {@link flush} makes room */
  add(texts: readonly string[]): boolean {
    let units = 0;
    for (const text of texts) units += text.length;
    if (this.#used + units * bytesPerUnit > this.#buffer.length) return false;
    for (const text of texts) this.#used += this.#buffer.write(text, this.#used);
    return true;
  }

  /** Writes the buffer to the file, and empties it. */
  async flush(): Promise<void> {
    const added = this.#buffer.subarray(0, this.#used);
    this.#used = 0;
    await this.write(added);
  }

  /** Writes text to the file, without the buffer. */
  async write(text: Buffer): Promise<void> {
    for (let at = text.indexOf(newline); at >= 0; at = text.indexOf(newline, at + 1)) this.lines += 1;
    await writing(this.#path, () => this.#handle.writeFile(text));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
