/** Checks that a parsed text is a manifest: it is a file in a folder, where anyone may edit or copy it. */
import { dialect } from "../duckdb/dialect.ts";

type Parts = Readonly<Record<string, unknown>>;
type Is = (value: unknown) => boolean;

const isText: Is = (value) => typeof value === "string";
const isNumber: Is = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isMap = (value: unknown): value is Parts => typeof value === "object" && value !== null && !Array.isArray(value);
const listOf =
  (is: Is): Is =>
  (value) =>
    Array.isArray(value) && value.every(is);
const having =
  (parts: Readonly<Record<string, Is>>): Is =>
  (value) =>
    isMap(value) && Object.entries(parts).every(([name, is]) => is(value[name]));
const isType: Is = (value) => isText(value) && Object.hasOwn(dialect.types, value as string);

const table: Readonly<Record<string, Is>> = {
  pipeline: isText,
  columns: listOf(having({ name: isText, type: isType })),
  primaryKey: listOf(isText),
  // Their paths are checked separately.
  files: listOf(having({ rows: isNumber, bytes: isNumber, sha256: isText })),
  retired: listOf(having({ at: isText })),
};

const isState = having({
  version: isNumber,
  value: (value) => value !== undefined,
  tables: listOf(isText),
  at: isText,
});

const pipeline: Readonly<Record<string, Is>> = {
  writer: (value) => value === null || having({ host: isText, pid: isNumber, session: isText, until: isText })(value),
  last: isText,
  states: isMap,
  abandoned: (value) => value === undefined || listOf(having({ session: isText, at: isText }))(value),
};

/**
 * Looks for parts that a sync would not have written.
 *
 * @param number the one in the manifest's name
 * @returns the location, `tables.airflow_dags.columns`; undefined for a valid manifest
 */
export function wrongPart(manifest: object, number: number | undefined): string | undefined {
  const { tables, pipelines, ...head } = manifest as Parts;
  if (head.number !== number) return "number";
  if (!isText(head.id)) return "id";
  if (!isMap(tables)) return "tables";
  if (!isMap(pipelines)) return "pipelines";
  for (const [name, found] of Object.entries(tables)) {
    const wrong = wrongIn(found, table, `tables.${name}`);
    if (wrong !== undefined) return wrong;
    const { columns, primaryKey } = found as { columns: readonly { name: string }[]; primaryKey: readonly string[] };
    const isColumn = (key: string) => columns.some((column) => column.name === key);
    if (primaryKey.length === 0 || !primaryKey.every(isColumn)) return `tables.${name}.primaryKey`;
  }
  for (const [name, found] of Object.entries(pipelines)) {
    const wrong = wrongIn(found, pipeline, `pipelines.${name}`);
    if (wrong !== undefined) return wrong;
    const states = Object.entries((found as { states: Parts }).states);
    const bad = states.find(([, state]) => !isState(state));
    if (bad) return `pipelines.${name}.states.${bad[0]}`;
  }
  return undefined;
}

function wrongIn(found: unknown, parts: Readonly<Record<string, Is>>, where: string): string | undefined {
  if (!isMap(found)) return where;
  const wrong = Object.entries(parts).find(([name, is]) => !is(found[name]));
  return wrong && `${where}.${wrong[0]}`;
}
