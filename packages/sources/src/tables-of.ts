import type { Table } from "@org/destination";

/** The tables of streams, in order. */
export function tablesOf<const Streams extends readonly { readonly table: Table }[]>(
  streams: Streams,
): { readonly [Index in keyof Streams]: Streams[Index]["table"] } {
  return streams.map(({ table }) => table) as never;
}
