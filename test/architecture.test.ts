import { globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Which packages each package may import, by their names under @org/. */
const allowed: Record<string, readonly string[]> = {
  kit: [],
  "airflow-client": ["kit"],
  "dagster-client": ["kit"],
  destination: [],
  "sync-engine": ["destination", "kit"],
  insights: ["destination", "kit"],
  sources: ["airflow-client", "dagster-client", "destination", "sync-engine"],
  runner: ["destination"],
  cli: ["airflow-client", "dagster-client", "destination", "insights", "kit", "runner", "sources", "sync-engine"],
  simulators: [],
};

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/node_modules|\/dist\/|\/\.cache\//.test(file));
}

function imports(file: string): string[] {
  const text = readFileSync(file, "utf8").replace(/^\s*(\*|\/\/).*$/gm, "");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1] as string);
}

test.each(Object.keys(allowed))("@org/%s imports only what the picture in ARCHITECTURE.md allows", (name) => {
  const folder = join(root, "packages", name);
  for (const file of files(join(folder, "src"))) {
    for (const specifier of imports(file)) {
      const ours = /^@org\/([^/]+)(\/.*)?$/.exec(specifier);
      if (ours && ours[1] !== name) {
        expect(allowed[name], `${relative(root, file)} imports ${specifier}`).toContain(ours[1]);
        // Scratch databases are not destinations.
        const isScratch = name === "sync-engine" && ours[2] === "/scratch";
        // The suite for sources syncs into memory.
        const isSuite = file.includes(join("src", "testing")) && ours[2] === "/memory";
        const forAuthors = ["@org/sync-engine/source", "@org/destination/adapter", "@org/dagster-client/sync"];
        const isForAuthors = forAuthors.includes(specifier);
        if (["sync-engine", "sources", "insights"].includes(name) && !isScratch && !isSuite && !isForAuthors)
          expect(ours[2], `${relative(root, file)}: an adapter`).toBeUndefined();
      }
      if (specifier.startsWith(".") && !(name === "simulators" && specifier.includes("specs/"))) {
        const target = relative(folder, resolve(dirname(file), specifier));
        expect(target.startsWith(`..${sep}`), `${relative(root, file)} leaves its package: ${specifier}`).toBe(false);
      }
    }
  }
});

/** An import cycle, as file names in import order. Undefined if there is none. */
function cycleIn(sources: readonly string[]): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const specifier of imports(file)) {
      const target = resolve(dirname(file), specifier);
      if (!specifier.startsWith(".") || !sources.includes(target)) continue;
      const found = visit(target, [...path, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of sources) {
    const found = visit(file, []);
    if (found) return found;
  }
  return undefined;
}

test.each(Object.keys(allowed))("no files of @org/%s import each other in a cycle, not even for types", (name) => {
  const folder = join(root, "packages", name, "src");
  expect(cycleIn(files(folder))?.map((file) => relative(folder, file))).toBeUndefined();
});

test("@org/kit imports only its own files, p-retry and OpenTelemetry's API, to run wherever the clients do", () => {
  const foreign = files(join(root, "packages", "kit", "src"))
    .flatMap(imports)
    .filter((specifier) => !specifier.startsWith("./"));
  expect([...new Set(foreign)].sort()).toEqual(["@opentelemetry/api", "p-retry"]);
});

test.each(["sync-engine", "sources"])("@org/%s imports no Node module: files are a destination's business", (name) => {
  const specifiers = files(join(root, "packages", name, "src")).flatMap(imports);
  expect(specifiers.filter((specifier) => specifier.startsWith("node:"))).toEqual([]);
});

test("tests share code through @org/testkit: none imports from another package's tests, or from the root's", () => {
  const isTest = (file: string) => /\/(packages\/[^/]+\/)?test\//.test(file);
  const folderOf = (file: string) => /^(packages\/[^/]+|test)/.exec(relative(root, file))?.[0];
  const tests = ["packages", "test", "examples", "scripts"].flatMap((folder) => files(join(root, folder)));
  const crossing = tests.flatMap((file) =>
    imports(file)
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => resolve(dirname(file), specifier))
      .filter((target) => isTest(target) && folderOf(target) !== folderOf(file))
      .map((target) => `${relative(root, file)} imports ${relative(root, target)}`),
  );
  expect(crossing).toEqual([]);
});

test("no module that test files share starts, makes or registers anything when it is loaded", () => {
  // It is loaded for the first file of a process only. So that file would clean up what the next one still needs.
  const atLoad =
    /^(?:export )?(?:const|let) (?!.*=>).*(?:= await |\b(?:mkdtemp|createServer|temporary|(?:open|start)[A-Z])\w*\()|^(?:await|(?:before|after)(?:All|Each)\(|vi\.|process\.(?:on|once|chdir|env)\b).*/gm;
  const parts = ["packages/*/test", "packages/*/src/testing", "packages/testkit/src", "examples", "test"];
  const shared = globSync(parts, { cwd: root })
    .flatMap((folder) => files(join(root, folder)))
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => ({ file: relative(root, file).replaceAll(sep, "/"), text: readFileSync(file, "utf8") }))
    // Others are programs, as are texts of several lines.
    .filter(({ text }) => /^export /m.test(text))
    .map(({ file, text }) => ({ file, text: text.replaceAll(/`(?:\\.|[^`\\])*`/g, "``") }));
  expect(shared.length).toBeGreaterThan(100);
  const found = shared.flatMap(({ file, text }) => (text.match(atLoad) ?? []).map((line) => `${file}: ${line}`));
  // For test/crash, whose files have a process each.
  expect(found.filter((each) => !each.startsWith("packages/testkit/src/at-end.ts: "))).toEqual([]);
});

test("every export of every package has a source file", () => {
  for (const name of Object.keys(allowed)) {
    const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
    for (const entry of Object.values<Record<string, string> | string>(manifest.exports)) {
      if (typeof entry === "string") continue;
      expect(() => readFileSync(join(root, "packages", name, entry["@org/source"] as string))).not.toThrow();
    }
  }
});

test("no hand-written file is longer than 300 lines", () => {
  const folders = ["packages", "examples", "scripts", "specs", "test"].map((folder) => join(root, folder));
  const long = folders
    .flatMap(files)
    .filter((file) => !file.includes(`${sep}generated${sep}`))
    .map((file) => ({ file: relative(root, file), lines: readFileSync(file, "utf8").split("\n").length - 1 }))
    .filter(({ lines }) => lines > 300);
  expect(long).toEqual([]);
});

test("no docstring puts thrown types in braces, which the API reference drops", () => {
  const sources = files(join(root, "packages")).filter((file) => file.includes(`${sep}src${sep}`));
  expect(sources.filter((file) => readFileSync(file, "utf8").includes("@throws {"))).toEqual([]);
});

test("every invariant has a test with its number", () => {
  const numbers = [...readFileSync(join(root, "ARCHITECTURE.md"), "utf8").matchAll(/^\| I(\d+) /gm)].map(([, n]) => n);
  expect(numbers.length).toBeGreaterThanOrEqual(12);
  const texts = ["packages", "test"]
    .flatMap((folder) => files(join(root, folder)))
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(file, "utf8"));
  for (const number of numbers) {
    const title = new RegExp(`["\`]([^"\`]*\\W)?I${number}[:,] `);
    expect(
      texts.some((text) => title.test(text)),
      `I${number}`,
    ).toBe(true);
  }
});
