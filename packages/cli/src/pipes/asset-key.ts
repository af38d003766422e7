/**
 * The key of a table's asset in Dagster: the pipeline's name, with an underscore for what Dagster's names cannot have, and
 * the table's name.
 */
export function assetKeyOf(pipeline: string, table: string): readonly [pipeline: string, table: string] {
  return [pipeline.replace(/\W+/g, "_"), table];
}
