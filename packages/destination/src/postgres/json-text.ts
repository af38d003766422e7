/** Converts a column's values to text when the column's type changes to text. */
import type { ColumnType } from "../table.ts";

/** The SQL for a column's values as text: identical to what a row would contain if it were read again. */
export function textOf(type: ColumnType, column: string): string {
  if (type === "timestamp") return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  if (type === "json") return `pg_temp._sync_json(${column})`;
  return `${column}::text`;
}

/** jsonb writes spaces and has its own order of keys; this writes JSON with sorted keys and no spaces. */
export const canonicalJsonFunction = {
  create: `SET LOCAL check_function_bodies = off;
    CREATE FUNCTION pg_temp._sync_json(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE jsonb_typeof(value)
        WHEN 'object' THEN '{' || coalesce((
          SELECT string_agg(to_jsonb(key)::text || ':' || pg_temp._sync_json(item), ',' ORDER BY key COLLATE "C")
          FROM jsonb_each(value) AS members(key, item)), '') || '}'
        WHEN 'array' THEN '[' || coalesce((
          SELECT string_agg(pg_temp._sync_json(item), ',' ORDER BY position)
          FROM jsonb_array_elements(value) WITH ORDINALITY AS items(item, position)), '') || ']'
        ELSE value::text END $$`,
  // A pooler passes the connection on to others, and temporary functions stay.
  drop: "DROP FUNCTION pg_temp._sync_json(jsonb)",
};
