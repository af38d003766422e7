import { defineConfig } from "tsup";

/** Each import stays an import, of the file that is compiled beside it: a bundler of ours would defeat those of our users. */
const fileByFile = {
  name: "file-by-file",
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === "entry-point" ? undefined : { path: path.replace(/^(\..*)\.ts$/, "$1.js"), external: true },
    );
  },
};

/** How every package is compiled, in its own folder. Declarations come from tsc. */
export default defineConfig({
  entry: ["src/**/*.ts"],
  format: "esm",
  target: "es2023",
  platform: "neutral",
  splitting: false,
  treeshake: false,
  sourcemap: true,
  clean: true,
  removeNodeProtocol: false,
  // `with { type: "json" }`, which all runtimes have that we support, is not in the target's year.
  esbuildOptions(options) {
    options.supported = { "import-attributes": true };
  },
  esbuildPlugins: [fileByFile],
});
