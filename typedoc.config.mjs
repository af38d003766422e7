// `pnpm docs` writes the reference of what packages export into docs/api/; the check only makes sure that it can, without a warning.
import { OptionDefaults } from "typedoc";

export default {
  name: "Airflow and Dagster: clients and sync",
  out: "docs/api",
  entryPointStrategy: "packages",
  // Their entry points are those of their package.json; their typedoc.json names steps of a computation of types.
  entryPoints: [
    "airflow-client",
    "dagster-client",
    "destination",
    "sync-engine",
    "sources",
    "insights",
    "runner",
    "simulators",
  ].map((name) => `packages/${name}`),
  packageOptions: {
    tsconfig: "tsconfig.build.json",
    // READMEs link to other files of the repository, which are not part of the reference.
    readme: "none",
    // Links to sources would need a remote to link to, which not every checkout has.
    disableSources: true,
    // Dagster's documents are strings, with all that a string inherits.
    excludeExternals: true,
    // openapi-typescript writes the first.
    blockTags: [...OptionDefaults.blockTags, "@constant"],
  },
  readme: "none",
  highlightLanguages: [...OptionDefaults.highlightLanguages, "sql"],
  treatWarningsAsErrors: true,
};
