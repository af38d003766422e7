/** Where the JSON Schema of the released files is. */
export const schemaUrl =
  "https://raw.githubusercontent.com/org/orchestration-sync/main/packages/cli/schema/dagsync.schema.json";
