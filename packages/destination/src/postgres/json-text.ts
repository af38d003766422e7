/** How a column's values become text when the column does. */
import type { ColumnType } from "../table.ts";

/** An expression for the text of a column's values: the same as a row would bring that comes again. */
export function textOf(type: ColumnType, column: string): string {
  if (type === "timestamp") return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  if (type === "json") return `pg_temp._sync_json(${column})`;
  return `${column}::text`;
}

/** jsonb writes spaces and has an order of keys of its own; this writes JSON with sorted keys and nothing in between. */
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
  // A pooler gives the connection to others, and temporary functions stay.
  drop: "DROP FUNCTION pg_temp._sync_json(jsonb)",
};
