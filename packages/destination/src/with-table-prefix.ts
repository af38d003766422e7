import type { Destination } from "./destination.ts";
import { reshaped } from "./reshaped.ts";

/**
 * Adds a prefix to the names of a destination's tables, so that several sources of one kind fit into one schema:
 * `prod_airflow_dags`. Keys, scopes and states stay the same, and messages name the real table.
 *
 * @param prefix lowercase letters, digits and underscores, starting with a letter: `prod_`
 * @throws TypeError for any other prefix
 */
export function withTablePrefix(destination: Destination, prefix: string): Destination {
  if (!/^[a-z][a-z0-9_]*$/.test(prefix)) {
    throw new TypeError(
      "A table prefix must be lowercase letters, digits and underscores, starting with a letter, as in prod_.",
    );
  }
  const {
    capabilities,
    duckdbFile: _,
    ...rest
  } = reshaped(destination, (table) => ({ ...table, name: prefix + table.name }));
  const maxIdentifierLength = capabilities.maxIdentifierLength - prefix.length;
  return { ...rest, capabilities: { ...capabilities, maxIdentifierLength } };
}
