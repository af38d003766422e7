/** Runs the limit's statements. */
interface Settings {
  run(sql: string): Promise<unknown>;
}

/**
 * DuckDB's memory limit if the user did not set one: the usual, or as much as it needs, up to 80 % of the machine's
 * memory.
 */
export class MemoryLimit {
  readonly #database: Settings;
  #usual: number;
  #needed = 0;
  #current: number;

  /** @param bytes the usual limit, and the current one */
  constructor(database: Settings, bytes: number) {
    this.#database = database;
    this.#usual = bytes;
    this.#current = bytes;
  }

  /** Makes this the usual limit, unless more was needed already. */
  async makeUsual(bytes: number): Promise<void> {
    this.#usual = bytes;
    await this.#set(this.#wanted());
  }

  /** Allows for this many bytes at once, and as many again for what is derived from them. */
  async need(bytes: number): Promise<void> {
    this.#needed = Math.max(this.#needed, 2 * bytes);
    const wanted = this.#wanted();
    // The machine's free memory shrinks with each batch, and DuckDB cannot give back what it holds.
    if (wanted > this.#current) await this.#set(wanted);
  }

  /** Raises the limit to the maximum after it was too low. @returns whether it could be raised */
  async takeAll(): Promise<boolean> {
    if (this.#needed === Number.POSITIVE_INFINITY) return false;
    const before = this.#current;
    await this.need(Number.POSITIVE_INFINITY);
    await this.#database.run("SET threads = 1");
    return this.#current > before;
  }

  #wanted(): number {
    const most = Math.max(this.#usual, 0.8 * process.availableMemory());
    return Math.floor(Math.min(Math.max(this.#usual, this.#needed), most));
  }

  async #set(bytes: number): Promise<void> {
    this.#current = bytes;
    await this.#database.run(`SET memory_limit = '${bytes}B'`);
  }
}
