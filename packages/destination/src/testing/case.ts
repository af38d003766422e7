import type { Destination, DestinationCapabilities, OpenOptions, Session } from "../destination.ts";
import type { StoredValues } from "../table.ts";

/** Somewhere that one case has for itself. */
export interface Place {
  /** The destination at this place. Each call makes a new object, as another program would. */
  connect(): Destination;
  /**
   * The same for another process: a module that exports `connect(argument)`, which returns the destination at this
   * place. The suite starts processes that write, and kills them. Left out where no other process can get there.
   */
  readonly process?: { readonly module: string; readonly argument: string };
  /**
   * Does some work as somebody who may read all that is at this place, and write nothing: with another account of the
   * database, or other rights on a folder. Left out where there are no such people.
   */
  asReader?<T>(work: (destination: Destination) => Promise<T>): Promise<T>;
  /** Takes the place away. All sessions are closed by then. */
  cleanup?(): Promise<void>;
}

export interface DestinationSuite<P extends Place = Place> {
  /** For the names of the tests. */
  readonly name: string;
  /** Makes an empty place. */
  create(): Promise<P>;
  /**
   * Reads all rows of a table or view by a way of its own, which shares nothing with the destination: every column by its
   * name, `_synced_at` and `_deleted_at` too, values in the form in which they were written. No session is open.
   */
  read(place: P, table: string): Promise<readonly StoredValues[]>;
}

/** What a case works with. */
export interface Subject {
  readonly place: Place;
  readonly capabilities: DestinationCapabilities;
  /** Opens a session that is closed at the end of the case at the latest. @default pipeline "pipeline" */
  open(options?: Partial<OpenOptions>): Promise<Session>;
  /** Opens a session, hands it over, closes it. */
  during<T>(work: (session: Session) => Promise<T>, options?: Partial<OpenOptions>): Promise<T>;
  read(table: string): Promise<readonly StoredValues[]>;
}

/** One thing that a destination must do. It rejects when the destination does not. */
export interface DestinationCase {
  readonly group: string;
  /** A sentence about the destination: "keeps microseconds". */
  readonly name: string;
  /** Whether the case applies. @default always */
  readonly when?: (capabilities: DestinationCapabilities, destination: Destination) => boolean;
  /** Whether other processes write. @default false */
  readonly ofProcesses?: boolean;
  /** Whether it is about somebody who may only read. @default false */
  readonly ofReaders?: boolean;
  run(subject: Subject): Promise<void>;
}

/**
 * Runs one case at a place of its own, whether it applies or not. Rejects when the destination does not do what the case
 * says.
 */
export async function runCase<P extends Place>(suite: DestinationSuite<P>, which: DestinationCase): Promise<void> {
  const place = await suite.create();
  const sessions: Session[] = [];
  const { capabilities } = place.connect();
  const subject: Subject = {
    place,
    capabilities,
    async open(options) {
      const session = await place.connect().open({ pipeline: "pipeline", ...options });
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
    read: (table) => suite.read(place, table),
  };
  try {
    await which.run(subject);
  } finally {
    for (const session of sessions) await session.close();
    await place.cleanup?.();
  }
}
