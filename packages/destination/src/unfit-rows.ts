/** Finds all rows that a destination cannot hold at once, so that the sender can leave them out. */
import { DestinationError, type UnfitRow } from "./errors.ts";
import { rowForms, type StoredForm, shown, storedForm, UnfitValue } from "./stored-form.ts";
import type { Column, ColumnType, StoredValues, Table } from "./table.ts";

type AnyRow = Readonly<Record<string, unknown>>;

/**
 * Says why a database cannot hold a text; undefined if it can.
 *
 * @param type the type of its column, whose stored form the text is. @default "string"
 */
export type Lacks = (text: string, type?: ColumnType) => string | undefined;

/** Identifies a row within its table, whatever its values. */
export function rowId(table: Pick<Table, "primaryKey">, row: AnyRow): string {
  return JSON.stringify(table.primaryKey.map((name) => String(row[name] ?? null)));
}

/** The error for rows that do not fit. Nothing of their batch was stored. */
export function invalidRows(table: Pick<Table, "name" | "primaryKey">, rows: readonly UnfitRow[]): DestinationError {
  const [first] = rows;
  const key = table.primaryKey.map((name) => `${name} ${shown(first?.key[name])}`).join(", ");
  const where = first?.column === undefined ? "" : `, column ${first.column}`;
  const others = rows.length > 1 ? ` ${rows.length - 1} more of its rows cannot be stored.` : "";
  return new DestinationError(
    "INVALID_ROW",
    `Table ${table.name}, row with ${key}${where}: ${first?.reason}. Nothing of its batch was stored.${others}`,
    { rows },
  );
}

/** Converts a batch's rows to their stored forms, and collects those that have none. */
export class RowCheck {
  readonly #table: Table;
  readonly #lacks: Lacks | undefined;
  readonly #formsOf: (row: AnyRow) => StoredForm[];
  readonly #unfit = new Map<string, UnfitRow>();

  /**
   * @param lacks says why the database cannot hold a text, for databases that cannot hold all of them
   * @param timestamps `text`: they are returned as they were given
   */
  constructor(table: Table, lacks?: Lacks, timestamps: "microseconds" | "text" = "microseconds") {
    this.#table = table;
    this.#lacks = lacks;
    this.#formsOf = rowForms(table, timestamps);
  }

  /** A row's values, or undefined if it does not fit. Of rows with the same key, the last counts. */
  stored(row: AnyRow): StoredForm[] | undefined {
    try {
      const values = this.#formsOf(row);
      if (this.#lacks) this.#checkTexts(values, this.#lacks);
      if (this.#unfit.size > 0) this.#unfit.delete(rowId(this.#table, row));
      return values;
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error;
      const key = Object.fromEntries(this.#table.primaryKey.map((name) => [name, row[name]]));
      this.#unfit.set(rowId(this.#table, row), { key, column: error.column, reason: error.message });
      return undefined;
    }
  }

  /** Call it after the last row. @throws DestinationError `INVALID_ROW` that names all rows that do not fit */
  finish(): void {
    if (this.#unfit.size > 0) throw invalidRows(this.#table, [...this.#unfit.values()]);
  }

  #checkTexts(values: readonly StoredForm[], lacks: Lacks): void {
    let index = 0;
    for (const name in this.#table.columns) {
      const value = values[index];
      index += 1;
      const reason = typeof value === "string" ? lacks(value, this.#table.columns[name]?.type) : undefined;
      if (reason !== undefined) throw new UnfitValue(name, reason);
    }
  }
}

/** The keys that a table can hold. Rows with other keys are in no table, so they need no action. */
export function holdableKeys(
  table: Table,
  keys: readonly StoredValues[],
  lacks: Lacks = () => undefined,
): readonly StoredValues[] {
  const isHoldable = (key: StoredValues) =>
    table.primaryKey.every((name) => {
      try {
        const form = storedForm(table.columns[name] as Column, key[name]);
        return typeof form !== "string" || lacks(form, (table.columns[name] as Column).type) === undefined;
      } catch {
        return false;
      }
    });
  return keys.filter(isHoldable);
}
