import type { Destination, DestinationCapabilities, OpenOptions, Session } from "../destination.ts";
import type { StoredValues } from "../table.ts";

/** A place to write to, for one case alone. */
export interface Fixture {
  /** The destination there. Each call returns a new object, as another program would create it. */
  connect(): Destination;
  /**
   * The same for another process: a module that exports `connect(argument)`, which returns the destination. The suite
   * starts processes that write, and kills them. Omit it if other processes cannot open the destination.
   */
  readonly process?: { readonly module: string; readonly argument: string };
  /**
   * Runs work as a read-only user: with another database account, or with other permissions on a folder. Omit it if there
   * are no such users.
   */
  asReader?<T>(work: (destination: Destination) => Promise<T>): Promise<T>;
  /** Removes everything. All sessions are closed by then. */
  cleanup?(): Promise<void>;
}

export interface DestinationSuite<P extends Fixture = Fixture> {
  /** Used in the names of the tests. */
  readonly name: string;
  /** Creates an empty destination. */
  create(): Promise<P>;
  /**
   * Reads all rows of a table or view, without sharing code with the destination. Returns every column by name, including
   * `_synced_at` and `_deleted_at`, with values as they were written. Called while no session is open.
   */
  read(fixture: P, table: string): Promise<readonly StoredValues[]>;
}

/** The input of a case. */
export interface Subject {
  readonly fixture: Fixture;
  readonly capabilities: DestinationCapabilities;
  /** Opens a session that is closed when the case ends. @default pipeline "pipeline" */
  open(options?: Partial<OpenOptions>): Promise<Session>;
  /** Opens a session, passes it to `work`, and closes it. */
  during<T>(work: (session: Session) => Promise<T>, options?: Partial<OpenOptions>): Promise<T>;
  read(table: string): Promise<readonly StoredValues[]>;
}

/** One requirement for destinations. */
export interface DestinationCase {
  readonly group: string;
  /** A sentence about the destination: "keeps microseconds". */
  readonly name: string;
  /** Whether the case applies. @default always */
  readonly when?: (capabilities: DestinationCapabilities, destination: Destination) => boolean;
  /** Whether it starts other processes that write. @default false */
  readonly ofProcesses?: boolean;
  /** Whether it needs a read-only user. @default false */
  readonly ofReaders?: boolean;
  run(subject: Subject): Promise<void>;
}

/** Runs one case with its own fixture, whether it applies or not. Rejects if the destination fails the case. */
export async function runCase<P extends Fixture>(suite: DestinationSuite<P>, which: DestinationCase): Promise<void> {
  const fixture = await suite.create();
  const sessions: Session[] = [];
  const { capabilities } = fixture.connect();
  const subject: Subject = {
    fixture,
    capabilities,
    async open(options) {
      const session = await fixture.connect().open({ pipeline: "pipeline", ...options });
      sessions.push(session);
      return session;
    },
    async during(work, options) {
      const session = await subject.open(options);
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    },
    read: (table) => suite.read(fixture, table),
  };
  try {
    await which.run(subject);
  } finally {
    for (const session of sessions) await session.close();
    await fixture.cleanup?.();
  }
}
