import type { Source, Stream } from "@org/sync-engine";
import { UsageError } from "../../errors.ts";
import type { Connector } from "../connector-config.ts";
import { membersOf } from "../members.ts";
import { type ChosenStream, streamNamed } from "../read-into-host.ts";
import { columnSchema, hostColumns } from "../rows.ts";

/** What the source offers. */
export function airbyteCatalog({ streams }: Pick<Source, "streams">): object {
  return { streams: streams.map(airbyteStream) };
}

function airbyteStream({ table }: Pick<Stream, "table">): object {
  const properties = hostColumns(table).map(({ name, ...column }) => {
    const schema = columnSchema(column);
    const isTime = column.type === "timestamp";
    const airbyteType = isTime ? "timestamp_with_timezone" : column.type === "int64" ? "integer" : undefined;
    return [name, { ...schema, ...(airbyteType && { airbyte_type: airbyteType }) }];
  });
  return {
    name: table.name,
    json_schema: {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      description: table.description,
      additionalProperties: true,
      properties: Object.fromEntries(properties),
    },
    supported_sync_modes: ["full_refresh", "incremental"],
    // The state says where to go on; of a row's versions, the one that was read last counts.
    source_defined_cursor: true,
    default_cursor_field: ["_synced_at"],
    source_defined_primary_key: table.primaryKey.map((name) => [name]),
    is_resumable: true,
  };
}

const syncModes = ["full_refresh", "incremental"];
const destinationModes = ["append", "overwrite", "append_dedup", "overwrite_dedup", "update", "soft_delete"];

/** The streams that a configured catalog chooses. @param file where it is, for messages @throws UsageError */
export function chosenStreams(connector: Connector, catalog: unknown, file: string): readonly ChosenStream[] {
  const { streams } = membersOf(catalog);
  if (!Array.isArray(streams)) {
    throw new UsageError(`${file} is no configured catalog: it lacks "streams", a list of {"stream", "sync_mode"}.`);
  }
  const chosen = streams.map((each, index) => chosenStream(connector, membersOf(each), `${file}: streams[${index}]`));
  const twice = chosen.find(({ stream }, index) => chosen.findIndex((other) => other.stream === stream) !== index);
  if (twice) throw new UsageError(`${file}: ${twice.stream.table.name} is there twice. Choose each stream once.`);
  return chosen;
}

function chosenStream(connector: Connector, configured: Record<string, unknown>, where: string): ChosenStream {
  const { name, namespace, json_schema: schema } = membersOf(configured.stream);
  const stream = streamNamed(connector, name, `${where}.stream.name`);
  if (namespace !== undefined && namespace !== null && namespace !== "") {
    throw new UsageError(
      `${where}.stream.namespace: ${stream.table.name} has no namespace. Discover the catalog again.`,
    );
  }
  const { sync_mode: mode, destination_sync_mode: destinationMode } = configured;
  if (!syncModes.includes(mode as string)) {
    throw new UsageError(`${where}.sync_mode must be ${syncModes.join(" or ")}.`);
  }
  if (
    destinationMode !== undefined &&
    destinationMode !== null &&
    !destinationModes.includes(destinationMode as string)
  ) {
    throw new UsageError(`${where}.destination_sync_mode must be one of ${destinationModes.join(", ")}.`);
  }
  const properties = Object.keys(membersOf(membersOf(schema).properties));
  const all = hostColumns(stream.table).map((column) => column.name);
  const columns = new Set(properties.length > 0 ? properties : all);
  return { stream, isFullRefresh: mode === "full_refresh", columns };
}
