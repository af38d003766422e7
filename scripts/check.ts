/**
 * Checks everything that must hold before a change is done: lint, types, tests, build, packages, generated code. With
 * `--unit`, only what needs no server and no build: the inner loop.
 * Ends with `N passed, N failed`, counting each test and each other step once.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { changesSince, surfaceChange, unimportedChange } from "./changes.ts";
import { tierOf } from "./tiers.ts";

const root = new URL("..", import.meta.url).pathname;
let passed = 0;
let failed = 0;
let skipped = 0;

/** @param onOutput receives its output. @default it prints to the terminal directly */
function run(command: string, args: readonly string[], onOutput?: (text: string) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: onOutput ? ["ignore", "pipe", "pipe"] : "inherit" });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onOutput ?? (() => {}));
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const step = (name: string, ...command: [string, ...string[]]): Step => ({ name, command });

/** Runs steps one at a time. Prints each step's output when it ends, since the tests may be printing at the same time. */
async function runSteps(steps: readonly Step[]): Promise<void> {
  for (const { name, command } of steps) {
    let output = "";
    const [program, ...args] = command;
    const code = await run(program, args, (text) => {
      output += text;
    }).catch((error: Error) => {
      output += error.message;
      return 1;
    });
    if (code === 0) passed += 1;
    else failed += 1;
    console.log(
      `\n${code === 0 ? "▸" : "✗"} ${name}${code === 0 ? "" : ` failed with exit code ${code}`}\n${output.trim()}`,
    );
  }
}

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly name: string; readonly startTime: number; readonly endTime: number }[];
}

/** Prints where the time goes, to show what to speed up first. */
function printTimes({ testResults }: Report): void {
  const took = testResults.map(({ name, startTime, endTime }) => ({
    name: name.replace(root, ""),
    seconds: Math.round((endTime - startTime) / 1000),
  }));
  console.log("\nSeconds per tier, summed over its files, several of which run in parallel:");
  for (const [tier, files] of Map.groupBy(took, ({ name }) => tierOf(name))) {
    const seconds = files.reduce((sum, file) => sum + file.seconds, 0);
    console.log(`${String(seconds).padStart(6)}  ${tier} (${files.length} files)`);
  }
  took.sort((a, b) => b.seconds - a.seconds);
  console.log("\nThe slowest test files, in seconds:");
  for (const { name, seconds } of took.slice(0, 12)) console.log(`${String(seconds).padStart(6)}  ${name}`);
}

async function tests(projects: readonly string[], leftOut: readonly string[] = []): Promise<void> {
  console.log("\n▸ tests");
  const folder = mkdtempSync(join(tmpdir(), "tests-"));
  const file = join(folder, "report.json");
  try {
    const which = projects.flatMap((name) => ["--project", name]);
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const without = leftOut.flatMap((path) => ["--exclude", path]);
    const code = await run("vitest", ["run", ...which, ...without, ...reporters]);
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    printTimes(report);
    passed += report.numPassedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    if (process.env.REQUIRE_LIVE && skipped > 0) {
      console.log(`✗ ${skipped} tests were skipped, which REQUIRE_LIVE forbids`);
      failed += 1;
    }
    // A file that could not be loaded has no failed test, but is a failure.
    failed += Math.max(report.numFailedTests, report.success && code === 0 ? 0 : 1);
  } catch (error) {
    console.error(`The tests did not end with a report: ${(error as Error).message}`);
    failed += 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function publishedPackages(): string[] {
  const names = readdirSync(join(root, "packages")).sort();
  return names.filter(
    (name) => !JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).private,
  );
}

/** The live test files that import nothing that changed. */
async function unaffectedLiveTests(since: string): Promise<string[]> {
  const list = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await promisify(execFile)("vitest", [
      "list",
      "--project=live",
      "--filesOnly",
      "--json",
      ...args,
    ]);
    return (JSON.parse(stdout) as { readonly file: string }[]).map(({ file }) => file.replace(root, ""));
  };
  const [all, affected] = await Promise.all([list(), list("--changed", since)]);
  return all.filter((file) => !affected.includes(file));
}

const lint = [
  step("lint and format (biome)", "biome", "check", "."),
  step("types (tsc)", "node", "node_modules/typescript-native/bin/tsc", "--noEmit"),
];

const wholeCheckout = [
  step("generated code is current", "node", "--conditions=@org/source", "scripts/generate.ts", "--check"),
  step("no unused code (knip)", "knip", "--no-progress", "--treat-config-hints-as-errors"),
  step("API reference without warnings (typedoc)", "typedoc", "--emit", "none"),
];

const build = step("build (turbo, tsup, tsc)", "turbo", "run", "build", "--output-logs=errors-only");
const attw = ["--profile", "esm-only", "--quiet", "--exclude-entrypoints", "schema.graphql", "internal"];

async function everything(): Promise<void> {
  const isNight = Boolean(process.env.NIGHTLY);
  const changes = isNight ? undefined : changesSince(root);
  const packaging = !changes || surfaceChange(root, changes) !== undefined;
  const unaffected = changes && !unimportedChange(changes) ? await unaffectedLiveTests(changes.since) : [];
  const because = `because nothing that they check changed since ${changes?.since.slice(0, 9)}`;
  if (!packaging) console.log(`\n▸ left out: build, packaging tests, publint and attw, ${because}`);
  if (unaffected.length > 0) console.log(`\n▸ left out: ${unaffected.join(", ")}, ${because}`);
  if (packaging) await runSteps([build]);
  const tiers = ["unit", "system", "live", ...(packaging ? ["packaging"] : []), ...(isNight ? ["nightly"] : [])];
  const packages = (packaging ? publishedPackages() : []).flatMap((name) => [
    step(`package @org/${name} (publint)`, "publint", "--strict", `packages/${name}`),
    step(`types of @org/${name} (attw)`, "attw", "--pack", `packages/${name}`, ...attw),
  ]);
  // In parallel with the tests, which often leave a core idle while they wait for servers.
  await Promise.all([runSteps([...lint, ...wholeCheckout, ...packages]), tests(tiers, unaffected)]);
}

if (process.argv.includes("--unit")) await Promise.all([runSteps(lint), tests(["unit"])]);
else await everything();

console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
