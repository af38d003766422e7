/**
 * Measures what READMEs say about speed and requests, and writes it there and into results.json.
 *
 *     pnpm bench                                  all, at full size: hours on an idle machine
 *     pnpm bench airflow --runs-per-dag 60 --runs 1
 *     pnpm bench --check                          fails if a ratio is 20 % worse than the committed one; writes nothing
 *     pnpm bench --tables                         measures nothing; writes the READMEs' tables from results.json
 *
 * `--check` repeats the committed options. bench/engine.ts and bench/export.ts are started by themselves.
 */
import { parseArgs } from "node:util";
import { airflowOptions, airflowRatios, airflowTable, measureAirflow } from "./airflow.ts";
import { clientsOptions, clientsRatios, clientsTable, measureClients } from "./clients.ts";
import { competitionRatios } from "./compete.ts";
import { dagsterOptions, dagsterTable, measureDagster } from "./dagster.ts";
import { caption, load, machine, type Ratios, type Section, save, worse, writeTable } from "./results.ts";
import { measureSizes, sizesOptions, sizesRatios, sizesTable } from "./sizes.ts";
import { measureStreams, streamsOptions, streamsRatios, streamsTable } from "./streams.ts";

interface Measurement<Results> {
  readonly results: Results;
  /** Of the programs besides Node. */
  readonly versions?: Readonly<Record<string, string>>;
}

interface Bench {
  readonly options: Readonly<Record<string, string>>;
  measure(options: Readonly<Record<string, string>>): Promise<Measurement<unknown>>;
  /** What a later measurement is compared by. */
  ratios(results: unknown): Ratios;
  table(results: unknown): string;
}

/** A bench whose results are of one type: what results.json has of it is what it measured. */
function bench<Options extends Readonly<Record<string, string>>, Results>(definition: {
  readonly options: Options;
  measure(options: Options): Promise<Measurement<Results>>;
  ratios(results: Results): Ratios;
  table(results: Results): string;
}): Bench {
  return definition as unknown as Bench;
}

const benches: Readonly<Record<string, Bench>> = {
  airflow: bench({ options: airflowOptions, measure: measureAirflow, ratios: airflowRatios, table: airflowTable }),
  dagster: bench({ options: dagsterOptions, measure: measureDagster, ratios: competitionRatios, table: dagsterTable }),
  clients: bench({ options: clientsOptions, measure: measureClients, ratios: clientsRatios, table: clientsTable }),
  sizes: bench({ options: sizesOptions, measure: measureSizes, ratios: sizesRatios, table: sizesTable }),
  streams: bench({ options: streamsOptions, measure: measureStreams, ratios: streamsRatios, table: streamsTable }),
};

function benchNamed(name: string): Bench {
  const found = benches[name];
  if (!found) throw new Error(`There is no bench ${name}. There are: ${Object.keys(benches).join(", ")}.`);
  return found;
}

function sectionOf(name: string): Section {
  const section = load()[name];
  if (!section) throw new Error(`results.json has no ${name}. Measure it: pnpm bench ${name}.`);
  return section;
}

const writeTableOf = (name: string, section: Section) =>
  writeTable(name, `${benchNamed(name).table(section.results)}\n\n${caption(name, section)}`);

/** @returns what is worse than before */
async function run(
  name: string,
  given: Readonly<Record<string, string>>,
  isCheck: boolean,
): Promise<readonly string[]> {
  const { options: defaults, measure, ratios: ratiosOf, table } = benchNamed(name);
  const own = Object.fromEntries(Object.entries(given).filter(([option]) => option in defaults));
  const options = { ...(isCheck ? sectionOf(name).options : defaults), ...own };
  const before = machine();
  const { results, versions } = await measure(options);
  const ratios = ratiosOf(results);
  console.log(`${name}\n${table(results)}`);
  if (isCheck) return worse(sectionOf(name).ratios, ratios).map((line) => `${name}: ${line}`);
  const all = { node: process.version.slice(1), ...versions };
  const measuredOn = new Date().toISOString().slice(0, 10);
  const section = { measuredOn, machine: before, versions: all, options, results, ratios };
  save(name, section);
  writeTableOf(name, section);
  return [];
}

const known = Object.fromEntries(
  Object.values(benches).flatMap(({ options }) =>
    Object.keys(options).map((name) => [name, { type: "string" as const }]),
  ),
);
const flags = { check: { type: "boolean" as const }, tables: { type: "boolean" as const } };
const { values, positionals } = parseArgs({ allowPositionals: true, options: { ...known, ...flags } });
const { check, tables, ...given } = values;
const chosen = positionals.length > 0 ? positionals : Object.keys(benches);
const problems: string[] = [];
for (const name of chosen) {
  if (tables) writeTableOf(name, sectionOf(name));
  else problems.push(...(await run(name, given as Record<string, string>, check === true)));
}
for (const problem of problems) console.error(`worse: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
