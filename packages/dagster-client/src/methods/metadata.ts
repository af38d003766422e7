import type { MetadataEntryFragment, TableSchemaFragment } from "../generated/operations.ts";

/** An entry of the metadata of an event, an asset or a check: its fields depend on its kind. See `metadataOf`. */
export type MetadataEntry = MetadataEntryFragment;

/** A column of a table. */
export interface TableColumn {
  readonly name: string;
  /** As the code that wrote the table calls it, e.g. `varchar`. */
  readonly type: string;
  readonly description: string | null;
  readonly constraints: {
    readonly nullable: boolean;
    readonly unique: boolean;
    readonly other: readonly string[];
  };
}

/** Plain value of a table's schema. */
export interface TableSchemaValue {
  readonly columns: readonly TableColumn[];
}

/** Plain value of a table. */
export interface TableValue extends TableSchemaValue {
  /** Its rows, by column. */
  readonly records: readonly unknown[];
}

/** Plain value of the lineage of a table's columns: for each, the columns that it is made from. */
export type ColumnLineageValue = Readonly<
  Record<string, readonly { readonly asset: readonly string[]; readonly column: string }[]>
>;

/**
 * Converts metadata to plain values by label. Integers that a number cannot hold become text. A table becomes a
 * {@link TableValue}, its schema a {@link TableSchemaValue}, the lineage of its columns a {@link ColumnLineageValue}; an
 * asset becomes the parts of its path, a run its id. Kinds without a plain value (code references, …) are omitted.
 */
export function metadataOf(entries: readonly MetadataEntry[] = []): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const entry of entries) {
    const value = plainValue(entry);
    if (value !== undefined) values[entry.label] = value;
  }
  return values;
}

function plainValue(entry: MetadataEntry): unknown {
  switch (entry.__typename) {
    case "TextMetadataEntry":
      return entry.text;
    case "MarkdownMetadataEntry":
      return entry.mdStr;
    case "UrlMetadataEntry":
      return entry.url;
    case "PathMetadataEntry":
    case "NotebookMetadataEntry":
      return entry.path;
    case "JsonMetadataEntry":
      return parsed(entry.jsonString);
    case "IntMetadataEntry":
      // Beyond 32 bits the server returns only text.
      return entry.intValue ?? (Number.isSafeInteger(Number(entry.intRepr)) ? Number(entry.intRepr) : entry.intRepr);
    case "FloatMetadataEntry":
      return entry.floatValue;
    case "BoolMetadataEntry":
      return entry.boolValue;
    case "TimestampMetadataEntry":
      return entry.timestamp;
    case "NullMetadataEntry":
      return null;
    case "PythonArtifactMetadataEntry":
      return `${entry.module}:${entry.name}`;
    case "PipelineRunMetadataEntry":
      return entry.runId;
    case "AssetMetadataEntry":
      return entry.assetKey.path;
    case "JobMetadataEntry":
      return entry.jobName;
    case "TableMetadataEntry":
      return { ...schemaOf(entry.table.schema), records: entry.table.records.map(parsed) } satisfies TableValue;
    case "TableSchemaMetadataEntry":
      return schemaOf(entry.schema);
    case "TableColumnLineageMetadataEntry":
      return Object.fromEntries(
        entry.lineage.map(({ columnName, columnDeps }) => [
          columnName,
          columnDeps.map((from) => ({ asset: from.assetKey.path, column: from.columnName })),
        ]),
      ) satisfies ColumnLineageValue;
    default:
      return undefined;
  }
}

const schemaOf = ({ columns }: TableSchemaFragment): TableSchemaValue => ({ columns });

/** Python writes NaN and Infinity into JSON, which nothing else can parse: such a value stays text. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
