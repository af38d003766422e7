import type { Destination, Session } from "./destination.ts";
import type { Table } from "./table.ts";
import { wrapSession } from "./wrap-session.ts";

/**
 * A destination that stores different tables from those it is given. Each call is translated to the real table.
 *
 * @param realTable the table as it is stored
 * @param change methods to replace, given the session that takes the real tables
 */
export function reshaped(
  destination: Destination,
  realTable: <T extends Table>(table: T) => T,
  change: (session: Session) => Partial<Session> = () => ({}),
): Destination {
  const real = wrapSession(destination, (session) => withRealTables(session, realTable));
  // A view combines several pipelines' tables, and each may be stored differently.
  const { uniteTables: _, read, ...rest } = wrapSession(real, change);
  return {
    ...rest,
    ...(read && {
      read: async (options) => {
        const reader = await read(options);
        return { ...reader, table: (table) => reader.table(realTable(table as Table)) };
      },
    }),
    realTable: (table) => destination.realTable?.(realTable(table)) ?? realTable(table),
  };
}

function withRealTables(session: Session, real: <T extends Table>(table: T) => T): Partial<Session> {
  const { rehearse, rows, restore } = session;
  return {
    prepare: async (tables) => session.prepare(tables.map(real)),
    ...(rehearse && { rehearse: async (tables) => rehearse(tables.map(real)) }),
    count: async (table, scope) => session.count(real(table), scope),
    countBy: async (table, scope, columns) => session.countBy(real(table), scope, columns),
    keys: async (table, scope, columns) => session.keys(real(table), scope, columns),
    commit: async (stream, batch) => session.commit(stream, { ...batch, table: real(batch.table) }),
    ...(rows && { rows: (table) => rows(real(table)) }),
    ...(restore && { restore: async (table, given) => restore(real(table), given) }),
  };
}
