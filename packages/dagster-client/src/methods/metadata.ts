import type { MetadataEntryFragment } from "../generated/operations.ts";

/**
 * Converts the metadata of an event to plain values by label. Integers that a number cannot hold become text; kinds
 * without a plain value (tables, notebooks, …) are omitted.
 */
export function metadataOf(entries: readonly MetadataEntryFragment[] = []): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const entry of entries) {
    const value = plainValue(entry);
    if (value !== undefined) values[entry.label] = value;
  }
  return values;
}

function plainValue(entry: MetadataEntryFragment): unknown {
  switch (entry.__typename) {
    case "TextMetadataEntry":
      return entry.text;
    case "MarkdownMetadataEntry":
      return entry.mdStr;
    case "UrlMetadataEntry":
      return entry.url;
    case "PathMetadataEntry":
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
    default:
      return undefined;
  }
}

/** Python writes NaN and Infinity into JSON, which nothing else can parse: such a value stays text. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
