/** What carries out its statements. */
interface Settings {
  run(sql: string): Promise<unknown>;
}

/** How much memory DuckDB may take, where people did not say: what is usual, or what it needs, up to 80 % of the machine's. */
export class MemoryLimit {
  readonly #database: Settings;
  #usual: number;
  #needed = 0;
  #current: number;

  /** @param bytes what is usual, and what it may take now */
  constructor(database: Settings, bytes: number) {
    this.#database = database;
    this.#usual = bytes;
    this.#current = bytes;
  }

  /** From now on this is usual, where no more was needed yet. */
  async makeUsual(bytes: number): Promise<void> {
    this.#usual = bytes;
    await this.#set(this.#wanted());
  }

  /** So much is to be held at once, and as much again for what is made of it. */
  async need(bytes: number): Promise<void> {
    this.#needed = Math.max(this.#needed, 2 * bytes);
    const wanted = this.#wanted();
    // What the machine has left is less after each batch; DuckDB cannot give back what it holds.
    if (wanted > this.#current) await this.#set(wanted);
  }

  /** What was allowed turned out to be too little. @returns whether there is more */
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
