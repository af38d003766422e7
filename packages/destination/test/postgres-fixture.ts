/** The table and rows of the PostgreSQL tests. */
import { type Destination, type DestinationErrorCode, defineTable, type Row, type Session } from "@org/destination";
import { expect } from "vitest";

export const table = defineTable({
  name: "things",
  description: "It's a table with a \\.",
  primaryKey: ["id"],
  columns: {
    id: { type: "string", description: "It's the key." },
    at: { type: "timestamp", nullable: true, description: "When." },
    data: { type: "json", nullable: true, description: "" },
  },
});
export const state = { version: 1, value: { position: 1 } };
export const pipeline = "airflow@example.org";

export const row = (known: Partial<Row<typeof table>> = {}): Row<typeof table> => ({
  id: "a",
  at: null,
  data: null,
  ...known,
});

/** Opens a session, passes it on, and closes it. */
export async function during<T>(destination: Destination, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await destination.open({ pipeline });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

export async function store(session: Session, rows = [row()]) {
  await session.prepare([table]);
  return session.commit("things", { table, upserts: rows, state });
}

/** A DestinationError whose message contains these words in this order. */
export const failure = (code: DestinationErrorCode, retryable: boolean, ...words: string[]) =>
  expect.objectContaining({
    name: "DestinationError",
    code,
    retryable,
    message: expect.stringMatching(new RegExp(words.map((word) => word.replace(/[^\w ]/g, "\\$&")).join("[^]*"))),
  });
