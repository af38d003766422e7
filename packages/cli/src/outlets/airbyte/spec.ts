import { settings } from "../connector-config.ts";

/** What Airbyte shows as a form. */
export function airbyteSpec(): object {
  const properties = Object.entries(settings).map(([name, setting], order) => {
    const { secret = false, ...shown } = setting as typeof setting & { readonly secret?: true };
    return [name, { ...shown, order, ...(secret && { airbyte_secret: true }) }];
  });
  return {
    documentationUrl: "https://github.com/org/orchestration-sync/blob/main/docs/hosts.md",
    supportsIncremental: true,
    supported_destination_sync_modes: ["overwrite", "append", "append_dedup"],
    connectionSpecification: {
      $schema: "http://json-schema.org/draft-07/schema#",
      title: "Airflow or Dagster",
      type: "object",
      required: ["kind", "url"],
      additionalProperties: true,
      properties: Object.fromEntries(properties),
    },
  };
}
