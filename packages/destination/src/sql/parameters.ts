import type { StoredForm } from "../stored-form.ts";
import type { Column } from "../table.ts";

/** A statement's value or list of values, with the column that gives it its type. */
export interface Parameter {
  readonly column: Pick<Column, "type">;
  readonly value: StoredForm | readonly StoredForm[];
}

/** Collects the parameters of one statement. Each database encodes them in its own way. */
export class Parameters {
  readonly all: Parameter[] = [];

  /** Adds a value of a column, or a list of such values, and returns its placeholder. */
  add(column: Pick<Column, "type">, value: Parameter["value"]): string {
    this.all.push({ column, value });
    return `$${this.all.length}`;
  }

  /** Adds a text. */
  text(text: string): string {
    return this.add({ type: "string" }, text);
  }

  /** Adds an integer. */
  integer(integer: number | bigint): string {
    return this.add({ type: "int64" }, BigInt(integer));
  }
}
