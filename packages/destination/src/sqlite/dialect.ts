import type { Dialect } from "../sql/database.ts";
import type { LeaseSql } from "../sql/lease.ts";
import { quoted } from "../sql/names.ts";
import { resultCode } from "./errors.ts";

/**
 * SQLite's dialect. A type that begins with TEXT is stored as text, whatever follows: the second word is for us and for
 * users. `_sync_moment` is our own function ({@link openFile}).
 */
export const dialect: Dialect = {
  product: "SQLite",
  types: {
    string: "TEXT",
    int64: "INTEGER",
    float64: "REAL",
    boolean: "BOOLEAN",
    timestamp: "TEXT TIMESTAMP",
    json: "TEXT JSON",
  },
  foldsCase: true,
  // SQLITE_ERROR, SQLITE_CONSTRAINT
  refusesChange: (thrown) => [1, 19].includes((resultCode(thrown) ?? 0) & 0xff),
  now: () => "_sync_moment(0)",
  unfold(lists) {
    const values = lists.map(({ column }, index) =>
      // JSON does not distinguish integers from other numbers.
      column.type === "float64" ? `CAST(list${index}.value AS REAL)` : `list${index}.value`,
    );
    const sources = lists.map(({ placeholder }, index) => `json_each(${placeholder}) AS list${index}`);
    const [first, ...others] = sources;
    return `SELECT ${values.join(", ")} FROM ${[first, ...others.map((source) => `${source} USING (key)`)].join(" JOIN ")}`;
  },
  nameList: {
    type: "TEXT",
    of: (placeholder) => `json_array(${placeholder})`,
    union: (one, other) =>
      `(SELECT json_group_array(value) FROM (SELECT value FROM json_each(${one}) UNION SELECT value FROM json_each(${other})))`,
    json: (list) => list,
  },
};

export const leaseSql: LeaseSql = {
  moment: (inMs = 0) => `_sync_moment(${inMs})`,
  // A transaction that may write is the only one.
  forUpdate: "",
};

/** The file has no schemas; a view that names one could not be read after attaching the file. */
export const names = { schema: "main", quotedSchema: quoted("main"), table: quoted };
