/** Reads a configuration file. */
import { type Config, configSchema } from "./schema.ts";
import { type Path, parseYaml, readYaml, type YamlFile, type YamlRules } from "./yaml-file.ts";

/** A file that was read, its references to the environment not put in yet. */
export interface ConfigFile {
  readonly path: string;
  readonly config: Config;
  /** Where a value stands, and what it is: `dagsync.yaml:4:10: sources.prod.url`. */
  where(path: Path): string;
}

const rules: YamlRules<Config> = {
  schemaOf: () => configSchema,
  ifMissing: "Write one with dagsync init, name another with --config, or use --from and --to.",
};

/** @throws UsageError that names every mistake of the file */
export async function readConfig(path: string, signal?: AbortSignal): Promise<ConfigFile> {
  return configFile(await readYaml(path, rules, signal));
}

/** @throws UsageError that names every mistake of the text */
export function parseConfig(text: string, path: string): ConfigFile {
  return configFile(parseYaml(text, path, rules));
}

function configFile({ path, value, where }: YamlFile<Config>): ConfigFile {
  return { path, config: value, where };
}
