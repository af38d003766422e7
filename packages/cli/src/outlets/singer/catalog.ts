import { chooseStreams, type Source, type Stream } from "@org/sync-engine";
import { UsageError } from "../../errors.ts";
import type { Connector } from "../connector-config.ts";
import { membersOf } from "../members.ts";
import { type ChosenStream, streamNamed } from "../read-into-host.ts";
import { columnSchema, hostColumns } from "../rows.ts";

/** The column that grows with every version of a row. */
export const BOOKMARK = "_synced_at";

/** What the source offers. By default, the streams are selected that `sync` reads by default. */
export function singerCatalog({ streams }: Pick<Source, "streams">): object {
  return { streams: streams.map(singerStream) };
}

function singerStream({ table, isOptIn = false }: Pick<Stream, "table" | "isOptIn">): object {
  const columns = hostColumns(table);
  const metadata = {
    "selected-by-default": !isOptIn,
    inclusion: "available",
    "table-key-properties": table.primaryKey,
    "valid-replication-keys": [BOOKMARK],
  };
  return {
    tap_stream_id: table.name,
    stream: table.name,
    key_properties: table.primaryKey,
    replication_method: "INCREMENTAL",
    replication_key: BOOKMARK,
    schema: singerSchema(table, new Set(columns.map(({ name }) => name))),
    metadata: [
      { breadcrumb: [], metadata },
      ...columns.map(({ name }) => ({
        breadcrumb: ["properties", name],
        metadata: {
          inclusion: isAutomatic(table, name) ? "automatic" : "available",
          "selected-by-default": true,
        },
      })),
    ],
  };
}

/** Keys and the bookmark are in every record. */
function isAutomatic(table: Stream["table"], column: string): boolean {
  return column === BOOKMARK || table.primaryKey.includes(column);
}

/** The JSON Schema of a table's records. */
export function singerSchema(table: Stream["table"], selected: ReadonlySet<string>): object {
  const columns = hostColumns(table).filter(({ name }) => selected.has(name) || isAutomatic(table, name));
  const properties = columns.map(({ name, ...column }) => [name, columnSchema(column)]);
  return { type: "object", additionalProperties: false, properties: Object.fromEntries(properties) };
}

/** The streams that a catalog selects; without a catalog, the default ones. @param file where it is, for messages @throws UsageError */
export function selectedStreams(connector: Connector, catalog: unknown, file: string): readonly ChosenStream[] {
  if (catalog === undefined) {
    return chooseStreams(connector.source).map((stream) => ({
      stream: stream as Stream,
      isFullRefresh: false,
      columns: new Set(hostColumns(stream.table).map(({ name }) => name)),
    }));
  }
  const { streams } = membersOf(catalog);
  if (!Array.isArray(streams)) {
    throw new UsageError(`${file} is no catalog: it lacks "streams", a list. Write one with --discover.`);
  }
  const chosen = streams.flatMap((each, index) => {
    const where = `${file}: streams[${index}]`;
    if (typeof each !== "object" || each === null) throw new UsageError(`${where} must be an object.`);
    const found = selectedStream(connector, membersOf(each), where);
    return found ? [found] : [];
  });
  const twice = chosen.find(({ stream }, index) => chosen.findIndex((other) => other.stream === stream) !== index);
  if (twice) throw new UsageError(`${file}: ${twice.stream.table.name} is there twice. Select each stream once.`);
  return chosen;
}

function selectedStream(connector: Connector, entry: Record<string, unknown>, where: string): ChosenStream | undefined {
  const schema = membersOf(entry.schema);
  const list = Array.isArray(entry.metadata) ? entry.metadata.map(membersOf) : [];
  const metadata = new Map(list.map((each) => [JSON.stringify(each.breadcrumb), membersOf(each.metadata)]));
  const root = metadata.get("[]") ?? {};
  const isSelected = selection(where);
  if (!isSelected({ ...root, selected: root.selected ?? schema.selected }, false)) return undefined;
  const stream = streamNamed(connector, entry.tap_stream_id ?? entry.stream, `${where}.tap_stream_id`);
  const method = root["replication-method"] ?? entry.replication_method ?? "INCREMENTAL";
  if (method !== "INCREMENTAL" && method !== "FULL_TABLE") {
    throw new UsageError(`${where}: replication-method must be INCREMENTAL or FULL_TABLE.`);
  }
  const properties = membersOf(schema.properties);
  const columns = hostColumns(stream.table).flatMap(({ name }) => {
    const own = metadata.get(JSON.stringify(["properties", name])) ?? {};
    const isKnown = Object.keys(properties).length === 0 || name in properties;
    const isWanted = isSelected({ ...own, selected: own.selected ?? membersOf(properties[name]).selected }, true);
    return isKnown && isWanted ? [name] : [];
  });
  return { stream, isFullRefresh: method === "FULL_TABLE", columns: new Set(columns) };
}

/** Whether metadata select what they describe. `otherwise` is what holds if they say nothing. */
function selection(where: string) {
  return (metadata: Record<string, unknown>, otherwise: boolean): boolean => {
    const { selected, inclusion, "selected-by-default": byDefault } = metadata;
    if (inclusion === "unsupported") return false;
    // Some hosts pass everything as text.
    if (selected === true || selected === "true") return true;
    if (selected === false || selected === "false") return false;
    if ((selected ?? undefined) !== undefined) throw new UsageError(`${where}: selected must be true or false.`);
    return typeof byDefault === "boolean" ? byDefault : otherwise;
  };
}
