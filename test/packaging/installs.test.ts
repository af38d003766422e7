import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "@org/testkit/servers/processes";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { entryPoints, installWithPnpm, publishable } from "./support/projects.ts";
import { startServers } from "./support/servers.ts";
import { newestTypescript, obtain, orSkip } from "./support/tools.ts";

/** The oldest TypeScript that compiles the packages' declarations, as stated in the clients' READMEs, and the newest. */
const typescripts = ["typescript@5.0.4", newestTypescript];

const resolutions = [
  { module: "esnext", moduleResolution: "bundler" },
  { module: "node16", moduleResolution: "node16" },
  { module: "nodenext", moduleResolution: "nodenext" },
];

const all = [...publishable.values()].flatMap(entryPoints);
/** The command's declarations need Node's, which need a newer TypeScript. */
const libraries = all.filter((entry) => entry !== "@org/cli");
/** The runner's declarations use zod's, which need TypeScript 5.4. */
const entriesFor = (specification: string) =>
  specification === newestTypescript ? libraries : libraries.filter((entry) => entry !== "@org/runner");

const folder = mkdtempSync(join(tmpdir(), "packaging-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const projects = { npm: inject("npmProject"), pnpm: join(folder, "pnpm") };

beforeAll(async () => {
  await installWithPnpm(projects.pnpm, inject("tarballs"));
});

/** Compiles in strict mode, including the packages' declarations. @throws with the compiler's output */
async function compile(
  project: string,
  specification: string,
  entries: readonly string[],
  options: object,
): Promise<void> {
  const typescript = await obtain(specification);
  const lines = entries.map((entry, index) => `export * as entry${index} from ${JSON.stringify(entry)};`);
  writeFileSync(join(project, "entries.ts"), `${lines.join("\n")}\n`);
  for (const name of ["smoke.ts", "wrong.ts"]) cpSync(join(import.meta.dirname, name), join(project, name));
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
    types: [],
    ...options,
  };
  const tsconfig = join(project, "tsconfig.test.json");
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files: ["entries.ts", "smoke.ts", "wrong.ts"] }));
  const tsc = join(typescript, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "--project", tsconfig], { cwd: project });
}

const cases = typescripts.flatMap((specification) => resolutions.map((options) => ({ specification, options })));

test.for(cases)(
  "$specification compiles against the npm installation, with $options.moduleResolution",
  async (one, context) => {
    await orSkip(context, one.specification, () => obtain(one.specification));
    await compile(projects.npm, one.specification, entriesFor(one.specification), { ...one.options, noEmit: true });
  },
);

/** As `@tsconfig/node22` and `@tsconfig/node24` have them, which many Node projects extend: no DOM. */
const withoutDom = { lib: ["es2024", "esnext.array", "esnext.collection"], types: ["node"] };

test.each(resolutions)("the clients compile without the DOM library, with $moduleResolution", async (resolution) => {
  const clients = libraries.filter((entry) => /^@org\/(airflow|dagster)-client/.test(entry));
  const options = { ...resolution, ...withoutDom, noEmit: true };
  await compile(projects.npm, newestTypescript, clients, options);
});

test("@org/sources/airflow needs no Dagster client, and @org/sources/dagster says that it is missing", async () => {
  const project = join(folder, "airflow-only");
  const absent = ["@org/dagster-client", "@org/cli", "graphql", "graphql-request"];
  linkAll(join(projects.npm, "node_modules"), join(project, "node_modules"), absent);
  const load = (entry: string) =>
    `console.log(await import("${entry}").then((all) => Object.keys(all).length > 0, (error) => error.message));`;
  const script = load("@org/sources/airflow") + load("@org/sources/dagster");
  const args = ["--preserve-symlinks", "--input-type=module", "--eval", script];
  const [airflow, dagster] = (await run(process.execPath, args, { cwd: project })).trim().split("\n");
  expect(airflow).toBe("true");
  expect(dagster).toContain("Cannot find package '@org/dagster-client'");
});

/** A node_modules with links to what another one has, but for some packages. */
function linkAll(from: string, to: string, absent: readonly string[], prefix = ""): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.startsWith(".") || absent.includes(prefix + name)) continue;
    if (name.startsWith("@")) linkAll(join(from, name), join(to, name), absent, `${name}/`);
    else symlinkSync(join(from, name), join(to, name));
  }
}

test("the pnpm installation, where a package sees only its declared dependencies, compiles and runs", async () => {
  const options = { module: "nodenext", moduleResolution: "nodenext", types: ["node"], skipLibCheck: true };
  await compile(projects.pnpm, newestTypescript, all, options);
  writeFileSync(
    join(projects.pnpm, "run.js"),
    `import { smoke } from "./smoke.js"; console.log(JSON.stringify(await smoke(process.argv[2])));`,
  );
  const servers = await startServers(() => "");
  try {
    const seen = await run(process.execPath, ["run.js", servers.origin], { cwd: projects.pnpm });
    expect(JSON.parse(seen)).toMatchObject({ dag: "load_orders", dagsterVersion: "1.13.27" });
  } finally {
    await servers.close();
  }
});

test.for(["npm", "pnpm"] as const)(
  "every entry point loads, and the command runs, as installed by %s",
  async (manager) => {
    // The conformance suite only loads within vitest.
    const loaded = all.filter((entry) => !entry.endsWith("/testing"));
    const script = `for (const entry of ${JSON.stringify(loaded)}) console.log(entry, Object.keys(await import(entry)).length > 0)`;
    const cwd = projects[manager];
    const lines = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd });
    expect(lines.trim().split("\n")).toEqual(loaded.map((entry) => `${entry} true`));
    expect((await run(join(cwd, "node_modules", ".bin", "dagsync"), ["--version"], { cwd })).trim()).toMatch(
      /^\d+\.\d+\.\d+$/,
    );
  },
);
