import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Kind, parse, print, visit } from "graphql";
import { expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const run = promisify(execFile);

/** A project like that of somebody who has followed the README, with what `npm install` would have put there. */
async function projectOf(blocks: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "recipe-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const requireOfCodegen = createRequire(
    createRequire(`${root}package.json`).resolve("@graphql-codegen/typed-document-node"),
  );
  const requireOfClient = createRequire(join(root, "packages/dagster-client/package.json"));
  const requireOfRequest = createRequire(requireOfClient.resolve("graphql-request"));
  const installed: [string, string][] = [
    ["@org/dagster-client", join(root, "packages/dagster-client")],
    ["@graphql-codegen", join(root, "node_modules/@graphql-codegen")],
    ["graphql", dirname(requireOfCodegen.resolve("graphql/package.json"))],
    [
      "@graphql-typed-document-node/core",
      dirname(requireOfRequest.resolve("@graphql-typed-document-node/core/package.json")),
    ],
  ];
  for (const [name, target] of installed) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(target, link);
  }
  const compilerOptions = {
    target: "es2023",
    lib: ["es2024", "dom", "dom.asynciterable"],
    module: "nodenext",
    types: [],
    customConditions: ["@org/source"],
    strict: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const files = {
    ...blocks,
    "package.json": '{ "type": "module" }',
    "tsconfig.json": JSON.stringify({ compilerOptions, include: ["src"] }),
  };
  await mkdir(join(folder, "src"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** The blocks of code that begin with the name of their file. */
async function readmeBlocks(): Promise<Record<string, string>> {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const blocks = readme.matchAll(
    /```(?:yaml|graphql|ts)\n(?:#|\/\/) ((?:src\/)?[\w.-]+\.(?:yml|graphql|ts))[^\n]*\n([\s\S]*?)```/g,
  );
  return Object.fromEntries([...blocks].map(([, name, text]) => [name, text]));
}

test("the recipe for your own queries gives typed documents", async () => {
  const blocks = await readmeBlocks();
  expect(Object.keys(blocks)).toEqual(["codegen.yml", "src/freshness.graphql", "src/freshness.ts"]);
  const wrong = `import type { FreshnessQuery, FreshnessQueryVariables } from "./dagster-queries.ts";
// @ts-expect-error the key is missing
export const variables: FreshnessQueryVariables = {};
// @ts-expect-error there is no such member
export const typename: FreshnessQuery["asset"]["__typename"] = "Asset";
`;
  const folder = await projectOf({ ...blocks, "src/wrong.ts": wrong });
  const bin = (name: string) => join(root, "node_modules/.bin", name);
  await run(bin("graphql-codegen"), [], { cwd: folder });
  const generated = await readFile(join(folder, "src/dagster-queries.ts"), "utf8");
  expect(generated).toContain("query Freshness($key: AssetKeyInput!)");
  const { stdout } = await run(bin("tsc"), ["-p", folder]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe("");
}, 180_000);

test("the packaged schema is that of the real server, and describes it", async () => {
  const [carried, real] = await Promise.all([
    readFile(fileURLToPath(import.meta.resolve("@org/dagster-client/schema.graphql")), "utf8"),
    readFile(join(root, "specs/dagster/1.13.27.graphql"), "utf8"),
  ]);
  const bare = visit(parse(carried), {
    enter: ({ kind }, key) => (kind === Kind.STRING && key === "description" ? null : undefined),
  });
  expect(print(bare)).toBe(print(parse(real)));
  expect(carried).toContain('"""');
});
