/**
 * Measures what READMEs say about speed and requests, and writes it there and into results.json.
 *
 *     pnpm bench                                  all, at full size: an hour on an idle machine
 *     pnpm bench airflow --runs-per-dag 60 --runs 1
 *     pnpm bench --check                          fails if a ratio is 20 % worse than the committed one; writes nothing
 *
 * `--check` repeats the committed options. bench/engine.ts and bench/export.ts are started by themselves.
 */
import { parseArgs } from "node:util";
import { airflowOptions, airflowRatios, airflowTable, measureAirflow } from "./airflow.ts";
import { caption, load, machine, type Section, save, worse, writeTable } from "./results.ts";
import { measureSizes, sizesOptions, sizesRatios, sizesTable } from "./sizes.ts";
import { measureStreams, streamsOptions, streamsRatios, streamsTable } from "./streams.ts";

type Measured = Pick<Section, "results" | "ratios" | "versions"> & { readonly table: string };

interface Bench {
  readonly options: Readonly<Record<string, string>>;
  measure(options: Record<string, string>): Promise<Measured>;
}

const benches: Readonly<Record<string, Bench>> = {
  airflow: {
    options: airflowOptions,
    async measure(options) {
      const { results, versions, counts, otherClient } = await measureAirflow(options as typeof airflowOptions);
      const ratios = airflowRatios(results, otherClient);
      return {
        results: { counts, otherClient, ...results },
        versions,
        ratios,
        table: airflowTable(results, otherClient),
      };
    },
  },
  sizes: {
    options: sizesOptions,
    async measure(options) {
      const results = await measureSizes(options as typeof sizesOptions);
      return { results, versions: {}, ratios: sizesRatios(results), table: sizesTable(results) };
    },
  },
  streams: {
    options: streamsOptions,
    async measure(options) {
      const results = await measureStreams(options as typeof streamsOptions);
      return { results, versions: {}, ratios: streamsRatios(results), table: streamsTable(results) };
    },
  },
};

const known = Object.fromEntries(
  Object.values(benches).flatMap(({ options }) =>
    Object.keys(options).map((name) => [name, { type: "string" as const }]),
  ),
);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ...known, check: { type: "boolean" as const } },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(benches);
const problems: string[] = [];
for (const name of chosen) {
  const bench = benches[name];
  if (!bench) throw new Error(`There is no bench ${name}. There are: ${Object.keys(benches).join(", ")}.`);
  const committed = load()[name];
  if (values.check && !committed) throw new Error(`results.json has no ${name}.`);
  const given = Object.entries(values).filter(([option]) => option in bench.options);
  const base = values.check ? committed?.options : bench.options;
  const options = { ...base, ...Object.fromEntries(given.map(([option, value]) => [option, String(value)])) };
  const before = machine();
  const { table, versions, ...measured } = await bench.measure(options);
  console.log(`${name}\n${table}`);
  if (values.check) {
    problems.push(...worse(committed!.ratios, measured.ratios).map((line) => `${name}: ${line}`));
    continue;
  }
  const all = { node: process.version.slice(1), ...versions };
  const measuredOn = new Date().toISOString().slice(0, 10);
  const section = { measuredOn, machine: before, versions: all, options, ...measured };
  save(name, section);
  writeTable(name, `${table}\n\n${caption(section)}`);
}
for (const problem of problems) console.error(`worse: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
