import type { Destination, Session } from "./destination.ts";
import type { Table } from "./table.ts";

/**
 * A destination that stores other tables than it is told of: each call goes on with the table that is really there.
 *
 * @param realTable the table as it is stored
 * @param change what a session does in another way, given the one that is told of the real tables
 */
export function reshaped(
  destination: Destination,
  realTable: <T extends Table>(table: T) => T,
  change: (session: Session) => Partial<Session> = () => ({}),
): Destination {
  const { contents, heldAs, read } = destination;
  return {
    name: destination.name,
    capabilities: destination.capabilities,
    ...(contents && { contents: (options) => contents.call(destination, options) }),
    ...(heldAs && { heldAs: (column, value) => heldAs.call(destination, column, value) }),
    ...(read && {
      read: async (options) => {
        const reader = await read.call(destination, options);
        return { ...reader, table: (table) => reader.table(realTable(table as Table)) };
      },
    }),
    realTable: (table) => destination.realTable?.(realTable(table)) ?? realTable(table),
    async open(options) {
      const session = withRealTables(await destination.open(options), realTable);
      return { ...session, ...change(session) };
    },
  };
}

function withRealTables(session: Session, real: <T extends Table>(table: T) => T): Session {
  const { rehearse, rows, restore } = session;
  return {
    states: () => session.states(),
    prepare: async (tables) => session.prepare(tables.map(real)),
    ...(rehearse && { rehearse: async (tables) => rehearse.call(session, tables.map(real)) }),
    count: async (table, scope) => session.count(real(table), scope),
    countBy: async (table, scope, columns) => session.countBy(real(table), scope, columns),
    keys: async (table, scope, columns) => session.keys(real(table), scope, columns),
    commit: async (stream, batch) => session.commit(stream, { ...batch, table: real(batch.table) }),
    ...(rows && { rows: (table) => rows.call(session, real(table)) }),
    ...(restore && { restore: async (table, given) => restore.call(session, real(table), given) }),
    close: () => session.close(),
  };
}
