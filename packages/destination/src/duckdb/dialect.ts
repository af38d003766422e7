import type { Dialect } from "../sql/database.ts";
import type { LeaseSql } from "../sql/lease.ts";
import type { SchemaNames } from "../sql/schema-name.ts";

/** DuckDB's dialect. */
export const dialect: Dialect = {
  product: "DuckDB",
  types: {
    string: "VARCHAR",
    int64: "BIGINT",
    float64: "DOUBLE",
    boolean: "BOOLEAN",
    timestamp: "TIMESTAMP WITH TIME ZONE",
    json: "JSON",
  },
  foldsCase: true,
  refusesChange: (thrown) =>
    /^(Dependency|Catalog|Binder|Constraint|Conversion|Not implemented) Error/i.test(
      String((thrown as Error)?.message),
    ),
  now: () => "now()",
  unfold: (lists) => `SELECT ${lists.map(({ placeholder }) => `unnest(${placeholder})`).join(", ")}`,
  nameList: {
    type: "VARCHAR[]",
    of: (placeholder) => `[${placeholder}]`,
    union: (one, other) => `list_sort(list_distinct(list_concat(${one}, ${other})))`,
    json: (list) => `to_json(${list})`,
  },
};

/** `temp` and `system` are separate databases, which exist next to every file's own. */
export const schemaNames: SchemaNames = {
  product: dialect.product,
  reserved: /^(temp|system|pg_catalog|information_schema)$/i,
};

/** For MotherDuck. Of two transactions that write the same row, DuckDB admits the first. */
export const leaseSql: LeaseSql = {
  moment: (inMs = 0) => `now() + INTERVAL '${inMs} milliseconds'`,
  forUpdate: "",
};
