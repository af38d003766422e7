/** Finds the rows of a memory table that are in a scope. */
import { DestinationError } from "../errors.ts";
import type { Scope } from "../scope.ts";
import { isHoldableText, storedForm } from "../stored-form.ts";
import type { Column, StoredValues, Table, Value } from "../table.ts";
import type { Forms } from "./shape.ts";

/** Whether a row is in a scope. */
export function matcher(table: Table, scope: Scope): (forms: Forms) => boolean {
  const tests = Object.entries(scope).flatMap(([name, condition]) => {
    if (condition === undefined) return [];
    checkColumn(table, name);
    const form = (value: Value | null) =>
      value === null ? null : formsOf(table, { [name]: value }, [name]).get(name)!;
    if ("in" in condition) {
      const wanted = new Set(condition.in.filter((value) => isHoldableText(value)).map(form));
      return [(forms: Forms) => wanted.has(forms.get(name) ?? null)];
    }
    const [low, high] = [condition.gte, condition.lt].map((bound) => (bound === undefined ? undefined : form(bound)!));
    return [
      (forms: Forms) => {
        const value = forms.get(name) ?? null;
        return value !== null && (low === undefined || value >= low!) && (high === undefined || value < high!);
      },
    ];
  });
  return (forms) => tests.every((test) => test(forms));
}

export function formsOf(table: Table, row: StoredValues, columns: readonly string[]): Forms {
  return new Map(
    columns.map((name) => [name, storedForm({ ...(table.columns[name] as Column), nullable: false }, row[name])]),
  );
}

export function checkColumn(table: Table, column: string): void {
  if (Object.hasOwn(table.columns, column)) return;
  throw new DestinationError("FAILED", `Table ${table.name} has no column ${column}.`);
}
