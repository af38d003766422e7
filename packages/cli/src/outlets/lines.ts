/** Writes protocol messages: lines of JSON, as fast as the host takes them. */
import type { SafeOutput } from "../render/safe-output.ts";
import { hostIsGone } from "./host-destination.ts";

/** So many characters are collected before they are written: a line at a time costs a system call each. */
const CHUNK = 64 * 1024;

export class Lines {
  readonly #output: SafeOutput;
  #waiting: string[] = [];
  #size = 0;

  constructor(output: SafeOutput) {
    this.#output = output;
  }

  /** Writes one message, after all before it. */
  now(message: object): void {
    this.#waiting.push(`${JSON.stringify(message)}\n`);
    this.#flush();
  }

  /** Writes a line of many, and waits while the host is slower. @throws DestinationError if the host is gone */
  async one(line: string): Promise<void> {
    this.#waiting.push(line);
    this.#size += line.length;
    if (this.#size >= CHUNK) await this.flushed();
  }

  /** Waits until the host has room for more. @throws DestinationError if it is gone */
  async flushed(): Promise<void> {
    const hasRoom = this.#flush();
    if (this.#output.isGone) throw hostIsGone();
    if (!hasRoom) await this.#output.drained();
    if (this.#output.isGone) throw hostIsGone();
  }

  #flush(): boolean {
    const text = this.#waiting.join("");
    this.#waiting = [];
    this.#size = 0;
    return text === "" || this.#output.write(text) !== false;
  }
}
