import type { Dialect } from "../sql/database.ts";
import type { LeaseSql } from "../sql/lease.ts";
import type { SchemaNames } from "../sql/schema-name.ts";

/** PostgreSQL's dialect. */
export const dialect: Dialect = {
  product: "PostgreSQL",
  types: {
    string: "text",
    int64: "bigint",
    float64: "double precision",
    boolean: "boolean",
    timestamp: "timestamp with time zone",
    json: "jsonb",
  },
  foldsCase: false,
  // Dependent objects, unsupported changes, and values that a constraint, an index or an expression rejects; not a
  // missing privilege or a lock.
  refusesChange: (thrown) =>
    /^(2BP01|0A000|22...|23...|42(?!501)...)$/.test(String((thrown as { code?: unknown })?.code)),
  maxNameBytes: 63,
  byteOrder: ' COLLATE "C"',
  now: () => "now()",
  unfold: (lists) =>
    `SELECT * FROM unnest(${lists.map(({ placeholder, column }) => `${placeholder}::${dialect.types[column.type]}[]`).join(", ")})`,
  nameList: {
    type: "text[]",
    of: (placeholder) => `ARRAY[${placeholder}::text]`,
    union: (one, other) => `ARRAY(SELECT unnest(${one}) UNION SELECT unnest(${other}) ORDER BY 1)`,
    json: (list) => `to_json(${list})`,
  },
};

export const schemaNames: SchemaNames = {
  product: dialect.product,
  reserved: /^(pg_|information_schema$)/,
  maxNameBytes: dialect.maxNameBytes,
};

export const leaseSql: LeaseSql = {
  // Not now(), which is the start of the transaction.
  moment: (inMs = 0) => `clock_timestamp() + interval '${inMs} milliseconds'`,
  forUpdate: "FOR UPDATE",
};
