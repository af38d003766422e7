import { literal, quoted } from "../sql/names.ts";
import type { StoredForm } from "../stored-form.ts";
import type { Column, ColumnType, Table } from "../table.ts";
import { timestampText } from "../timestamp.ts";

/** A longer text is not repeated in SQL, in characters. */
const LONGEST_LITERAL = 200;

interface StagedColumn {
  readonly name: string;
  readonly column: Column;
  readonly isKey: boolean;
  /** The value of all rows so far, while they have the same. */
  value: StoredForm | undefined;
  /** Once they differ. */
  values: StoredForm[] | undefined;
}

/**
 * The rows of a batch, by column. Half of the columns of most batches have one value in all rows: a pool, a queue, null.
 * Such a value becomes part of the query, which costs nothing per row.
 */
export class StagedColumns {
  readonly #columns: readonly StagedColumn[];
  readonly #types: Readonly<Record<ColumnType, string>>;
  #rows = 0;

  /** @param types DuckDB's names of the types */
  constructor(table: Table, types: Readonly<Record<ColumnType, string>>) {
    this.#types = types;
    this.#columns = Object.entries<Column>(table.columns).map(([name, column]) => {
      const isKey = table.primaryKey.includes(name);
      return { name, column, isKey, value: undefined, values: isKey ? [] : undefined };
    });
  }

  /** Sets a row: the next one, or one that is there already. */
  set(row: number, forms: readonly StoredForm[]): void {
    for (let index = 0; index < forms.length; index += 1) {
      const column = this.#columns[index] as StagedColumn;
      const form = forms[index] as StoredForm;
      if (column.values === undefined) {
        if (column.value === undefined) column.value = form;
        if (Object.is(form, column.value) && isShort(form)) continue;
        column.values = new Array<StoredForm>(this.#rows).fill(column.value);
      }
      column.values[row] = form;
    }
    this.#rows = Math.max(this.#rows, row + 1);
  }

  get rows(): number {
    return this.#rows;
  }

  /** The columns to be stored in a table, the key's among them: each has a value for each row. */
  get stored() {
    return this.#columns.flatMap(({ name, column, values }) => (values ? [{ name, column, values }] : []));
  }

  /** The statement that creates a table for them. */
  tableSql(name: string): string {
    const columns = this.stored.map(({ name, column }) => `${quoted(name)} ${this.#types[column.type]}`);
    return `CREATE OR REPLACE TEMP TABLE ${name} (${columns.join(", ")})`;
  }

  /** The statement that creates a view of all columns over that table. */
  viewSql(name: string, stored: string): string {
    const columns = this.#columns.map(({ name, column, value, values }) =>
      values
        ? quoted(name)
        : `CAST(${literalOf(column, value ?? null)} AS ${this.#types[column.type]}) AS ${quoted(name)}`,
    );
    return `CREATE OR REPLACE TEMP VIEW ${name} AS SELECT ${columns.join(", ")} FROM temp.main.${stored}`;
  }

  /** The condition for two rows, one of them staged, that are the same in all columns. */
  sameSql(row: string, staged: string): string {
    // DuckDB skips parts of a table only by =, for which null equals nothing.
    return this.#columns
      .map(({ name, value, values }) => {
        const isNullable = values ? values.includes(null) : value === null;
        return `${row}.${quoted(name)} ${isNullable ? "IS NOT DISTINCT FROM" : "="} ${staged}.${quoted(name)}`;
      })
      .join(" AND ");
  }
}

/** SQL cannot contain a NUL character. */
const isShort = (form: StoredForm) =>
  typeof form !== "string" || (form.length <= LONGEST_LITERAL && !form.includes("\0"));

/** A value as SQL, to be cast to its type. */
function literalOf({ type }: Column, form: StoredForm): string {
  if (form === null) return "NULL";
  if (type === "timestamp") return literal(timestampText(form as bigint));
  return literal(Object.is(form, -0) ? "-0" : String(form));
}
