import { StringDecoder } from "node:string_decoder";

/** Longer lines are split, in characters. */
const MAX_LINE = 16_384;

/** Splits a byte stream into lines of text. */
export function lineSplitter(onLine: (line: string) => void) {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return {
    write(bytes: Buffer): void {
      rest += decoder.write(bytes);
      const lines = rest.split("\n");
      rest = lines.pop()!;
      for (const line of lines) onLine(line.replace(/\r$/, ""));
      while (rest.length > MAX_LINE) {
        onLine(rest.slice(0, MAX_LINE));
        rest = rest.slice(MAX_LINE);
      }
    },
    end(): void {
      rest += decoder.end();
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}

/** How much of an attempt's output is kept, in characters, counted from its end. */
const KEPT = 65_536;

/** Keeps the last {@link KEPT} characters of a growing text. */
export class Tail {
  #text = "";
  #length = 0;

  add(line: string): void {
    this.#text += `${line}\n`;
    this.#length += line.length + 1;
    // Trimming copies everything that is kept, so do not do it on every line.
    if (this.#text.length > 2 * KEPT) this.#text = this.#text.slice(-KEPT);
  }

  /** Characters added so far, including those dropped since. */
  get length(): number {
    return this.#length;
  }

  get text(): string {
    return this.#text.slice(-KEPT);
  }
}
