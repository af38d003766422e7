import { createHash } from "node:crypto";

/** A pseudo-random number from 0 to 1, always the same for the same text, so that everything can be replayed. */
export function chance(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE() / 2 ** 32;
}
