import type { StoredForm } from "../stored-form.ts";
import type { Column } from "../table.ts";

/** One value of a statement, or one list of values, with the column whose type it has. */
export interface Parameter {
  readonly column: Pick<Column, "type">;
  readonly value: StoredForm | readonly StoredForm[];
}

/** Collects the parameters of one statement. Each database encodes them in its own way. */
export class Parameters {
  readonly all: Parameter[] = [];

  /** Takes a value of a column, or a list of such values, and returns the placeholder that stands for it. */
  add(column: Pick<Column, "type">, value: Parameter["value"]): string {
    this.all.push({ column, value });
    return `$${this.all.length}`;
  }

  /** Takes a text. */
  text(text: string): string {
    return this.add({ type: "string" }, text);
  }

  /** Takes an integer. */
  integer(integer: number | bigint): string {
    return this.add({ type: "int64" }, BigInt(integer));
  }
}
