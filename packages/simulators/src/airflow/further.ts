/** Lists besides DAGs, dag runs and task instances. The world holds their rows as the server says them. */
import { furtherKinds } from "./further-kinds.ts";
import type { FurtherList, FurtherRow } from "./further-list.ts";

const six = (time: unknown) =>
  typeof time === "string"
    ? time.replace(/(?:\.(\d+))?Z$/, (_, part = "") => `.${String(part).padEnd(6, "0")}Z`)
    : null;

/** By the name of the rows in a response. */
const lists = {
  ...furtherKinds,
  pools: {
    template: "/api/v2/pools",
    one: "name",
    orders: ["name"],
    initial: [pool("default_pool", 128)],
    tables: { airflow_pools: (row) => ({ ...row, team_name: row.team_name ?? null }) },
  },
  import_errors: {
    template: "/api/v2/importErrors",
    one: "import_error_id",
    orders: ["import_error_id", "timestamp", "filename"],
    tables: {
      airflow_import_errors: ({ file_token: _, source_reference: __, ...row }) => ({
        ...row,
        timestamp: six(row.timestamp),
      }),
    },
  },
} as const satisfies { readonly [name: string]: FurtherList };

/** A pool that nothing runs in. */
export function pool(name: string, slots: number, more: FurtherRow = {}): FurtherRow {
  const none = { occupied_slots: 0, running_slots: 0, queued_slots: 0, scheduled_slots: 0, deferred_slots: 0 };
  return {
    name,
    slots,
    ...none,
    open_slots: slots,
    include_deferred: false,
    description: null,
    team_name: null,
    ...more,
  };
}

export type FurtherName = keyof typeof lists;
export type FurtherRows = { readonly [Name in FurtherName]: FurtherRow[] };

/** All of them, by the name of their rows in a response. */
export const furtherLists = Object.entries(lists) as [FurtherName, FurtherList][];

/** The rows of an empty world. */
export function initialRows(): FurtherRows {
  return Object.fromEntries(
    furtherLists.map(([name, { initial = [] }]) => [name, [...initial]]),
  ) as unknown as FurtherRows;
}

/** The expected content of the tables of these lists. */
export function furtherTables(rows: FurtherRows): { readonly [table: string]: FurtherRow[] } {
  const tables = furtherLists.flatMap(([name, { tables }]) =>
    Object.entries(tables).map(([table, print]) => [table, rows[name].map(print)]),
  );
  return Object.fromEntries(tables);
}
