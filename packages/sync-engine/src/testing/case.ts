import type { StoredValues, Table } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { createMemory, memoryDestination } from "@org/destination/memory";
import type { Source, SourceContext, Stream } from "../stream.ts";
import { type SyncOptions, sync } from "../sync.ts";
import { differences } from "./differences.ts";

/** A server whose content the suite changes, and a source that reads it. For one case alone. */
export interface SourceFixture {
  readonly source: Source;
  /**
   * What the server has, by the name of a list: the very arrays that it answers from, in its order. The suite takes rows
   * out, puts them back, and replaces them. Rows of different lists should not depend on each other. With more than 100
   * rows in a list, and pages smaller than it, the suite finds the most.
   */
  readonly lists: { readonly [list: string]: object[] };
  /** The same row with other content under the same key, as if it had changed on the server now. */
  changed(row: object, list: string): object;
  /**
   * The rows that each table should hold for the present lists, by its name. Values are compared as JSON. A table that
   * is missing here is not compared, such as one of samples.
   */
  expected(): { readonly [table: string]: readonly StoredValues[] };
  /** What the source's requests reject with if the user lacks a permission. */
  forbidden(): Error;
  /** Lets the server's clock go on, in ms, if it does not do so by itself. */
  advance?(byMs: number): void;
  /** Removes everything. */
  cleanup?(): Promise<void>;
}

export interface SourceSuite {
  /** Used in the names of the tests. */
  readonly name: string;
  /** Starts a server with rows in each list. */
  create(): Promise<SourceFixture>;
  /** The streams to test. @default all */
  readonly streams?: readonly string[];
}

/** Called before each request of a sync, with its number, from 1 on. Throws to make it fail. */
export type BeforeRequest = (number: number) => void;

/** A fixture, a destination in memory, and syncs between them. */
export interface Subject extends SourceFixture {
  /** Syncs. @returns the rows that it wrote, and the number of its requests */
  sync(options?: SubjectOptions): Promise<{ readonly written: number; readonly requests: number }>;
  /** Like {@link Subject.sync}, for a sync that may fail. @returns why it did; undefined if it did not */
  trySync(options?: SubjectOptions): Promise<unknown>;
  /** How the tables differ from what is expected, a line each. */
  differences(): readonly string[];
  /** The keys of a table's rows that are not deleted. */
  keys(table: string): ReadonlySet<string>;
  /** The tables that are compared. */
  readonly tables: readonly Table[];
}

export interface SubjectOptions extends Pick<SyncOptions, "reconcile" | "allowMassDelete"> {
  readonly before?: BeforeRequest;
  /** Called before and after each commit, with its number. Throws to stop the sync there. */
  readonly atCommit?: (number: number, when: "before" | "after") => void;
}

/** One requirement for sources. */
export interface SourceCase {
  /** A sentence about the source: "reads everything". */
  readonly name: string;
  /** @param create a new subject, each with its own server */
  run(create: () => Promise<Subject>): Promise<void>;
}

/** Runs one case. Rejects if the source fails it. */
export async function runCase(suite: SourceSuite, { run }: SourceCase): Promise<void> {
  const fixtures: SourceFixture[] = [];
  const create = async () => {
    const fixture = await suite.create();
    fixtures.push(fixture);
    return subjectOf(fixture, suite.streams ?? ["all"]);
  };
  try {
    await run(create);
  } finally {
    for (const fixture of fixtures) await fixture.cleanup?.();
  }
}

function subjectOf(fixture: SourceFixture, streams: readonly string[]): Subject {
  const memory = memoryDestination(createMemory());
  const compared = fixture.expected();
  const tables = fixture.source.streams.map(({ table }) => table).filter(({ name }) => name in compared);
  const live = ({ name }: Pick<Table, "name">): readonly StoredValues[] =>
    memory.rows(name).filter((row) => row._deleted_at === null);
  const syncNow: Subject["sync"] = async ({ before, atCommit, ...options } = {}) => {
    let [requests, commits] = [0, 0];
    const count = () => {
      requests += 1;
      before?.(requests);
    };
    const destination = wrapSession(memory, (session) => ({
      async commit(stream, batch) {
        commits += 1;
        atCommit?.(commits, "before");
        const result = await session.commit(stream, batch);
        atCommit?.(commits, "after");
        return result;
      },
    }));
    const source = counting(fixture.source, count);
    const { streams: results } = await sync({ source, destination, streams, requests: { retries: 0 }, ...options });
    const sampled = new Set(source.streams.filter(({ isSampled }) => isSampled).map(({ name }) => name));
    const written = results
      .filter(({ stream }) => !sampled.has(stream))
      .reduce((sum, { inserted, updated, deleted, removed }) => sum + inserted + updated + deleted + removed, 0);
    return { written, requests };
  };
  return {
    ...fixture,
    tables,
    sync: syncNow,
    trySync: (options) =>
      syncNow(options).then(
        () => undefined,
        (error: unknown) => error,
      ),
    differences() {
      const expected = fixture.expected();
      const observed = fixture.source.streams.flatMap((stream) => stream.observed ?? []);
      return tables.flatMap((table) => {
        const names = Object.keys(table.columns).filter((name) => !observed.includes(name));
        const columns = Object.fromEntries(names.map((name) => [name, table.columns[name]!]));
        return differences({ ...table, columns }, expected[table.name] ?? [], live(table));
      });
    },
    keys(name) {
      const table = tables.find((each) => each.name === name)!;
      return new Set(live(table).map((row) => keyOf(table, row)));
    },
  };
}

/** A row's primary key as text. */
export function keyOf({ primaryKey }: Pick<Table, "primaryKey">, row: StoredValues): string {
  return JSON.stringify(primaryKey.map((name) => String(row[name])));
}

/** The source, each of whose requests is announced. */
function counting(source: Source, count: () => void): Source {
  const counted = <C extends SourceContext>(context: C): C => ({
    ...context,
    request: (label, call, options) =>
      context.request(
        label,
        async (signal) => {
          count();
          return call(signal);
        },
        options,
      ),
  });
  const streams = source.streams.map(
    (stream): Stream => ({ ...stream, read: (context) => stream.read(counted(context)) }),
  );
  return { ...source, streams, start: (context) => source.start(counted(context)) };
}
