/** Databases in encodings other than UTF-8 cannot hold every character. Only the server knows which ones they can. */

import { withoutNul } from "../text.ts";

/** Makes the server convert a text to its own encoding and back. @throws the server's error if it lacks a character */
export type Probe = (text: string) => Promise<void>;

/** PostgreSQL's error code. */
const UNTRANSLATABLE = "22P05";

/** The characters that a database can hold. */
export class Encoding {
  /** PostgreSQL's name for it: `LATIN1`. */
  readonly name: string;
  readonly #known = new Map<string, boolean>();

  constructor(name: string) {
    this.name = name;
  }

  /** Whether it has all characters. `SQL_ASCII` accepts any bytes. */
  get isComplete(): boolean {
    return this.name === "UTF8" || this.name === "SQL_ASCII";
  }

  /** Finds out about the characters of these texts by bisection: either few of them are missing, or all. */
  async learn(texts: Iterable<string>, probe: Probe): Promise<void> {
    const unknown = new Set<string>();
    for (const text of texts) {
      for (const [character] of withoutNul(text).matchAll(/[^\0-\x7f]/gu))
        if (!this.#known.has(character)) unknown.add(character);
    }
    // A lone surrogate is not a character, and was rejected before.
    const characters = [...unknown].filter((character) => character.isWellFormed());
    const ask = async (some: readonly string[]): Promise<void> => {
      if (some.length === 0) return;
      const isThere = await probe(some.join("")).then(
        () => true,
        (error) => {
          if ((error as { code?: unknown }).code !== UNTRANSLATABLE) throw error;
          return false;
        },
      );
      if (isThere || some.length === 1) {
        for (const character of some) this.#known.set(character, isThere);
        return;
      }
      const middle = some.length / 2;
      await ask(some.slice(0, middle));
      await ask(some.slice(middle));
    };
    await ask(characters);
  }

  /** Why the database cannot hold a text whose characters were learned, as PostgreSQL reads it; undefined if it can. */
  lacks(text: string): string | undefined {
    for (const [character] of text.matchAll(/[^\0-\x7f]/gu)) {
      if (this.#known.get(character) !== false) continue;
      const number = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      const also = character === "\ufffd" ? ", which stands for NUL too" : "";
      return `the database's encoding ${this.name} has no character U+${number}${also}; one in UTF8 has`;
    }
    return undefined;
  }
}
