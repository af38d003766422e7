import { StringDecoder } from "node:string_decoder";

/** A longer line is told in parts, in characters. */
const LONGEST = 16_384;

/** Cuts bytes into lines of text. */
export function lineSplitter(onLine: (line: string) => void) {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return {
    write(bytes: Buffer): void {
      rest += decoder.write(bytes);
      const lines = rest.split("\n");
      rest = lines.pop()!;
      for (const line of lines) onLine(line.replace(/\r$/, ""));
      while (rest.length > LONGEST) {
        onLine(rest.slice(0, LONGEST));
        rest = rest.slice(LONGEST);
      }
    },
    end(): void {
      rest += decoder.end();
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}

/** How much of what an attempt writes is kept, in characters: the end of it. */
const KEPT = 65_536;

/** Keeps the end of a text that grows. */
export class Tail {
  #text = "";
  #length = 0;

  add(line: string): void {
    this.#text += `${line}\n`;
    this.#length += line.length + 1;
    // Not at every line: cutting costs as much as what is kept.
    if (this.#text.length > 2 * KEPT) this.#text = this.#text.slice(-KEPT);
  }

  /** How much was added ever. */
  get length(): number {
    return this.#length;
  }

  get text(): string {
    return this.#text.slice(-KEPT);
  }
}
