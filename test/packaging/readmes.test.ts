import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "@org/testkit/servers/processes";
import { expect, inject, test } from "vitest";
import { publishable } from "./support/projects.ts";
import { runtimes } from "./support/runtimes.ts";
import { newestTypescript, obtain, orSkip, root } from "./support/tools.ts";

/** Questions that a README must answer if they apply to the package, as patterns of its text. */
const questions = {
  install: /^npm install (--global |--save-dev )?(@\S+ )*@org\//m,
  "ten lines": /^```ts\n(?:import .*\n)+/m,
  auth: /\bauth\b|[Cc]redentials/,
  errors: /^#+ .*Errors|^#+ Exit codes|rejects with `SyncError`|\berrors\b/m,
  defaults: /\|[^|]*\bdefault\b *\|$|Environment/m,
  runtimes: /^## Sizes and runtimes$/m,
};

const asked: Readonly<Record<string, readonly (keyof typeof questions)[]>> = {
  // Not meant to be installed or used directly.
  kit: [],
  "airflow-client": ["install", "ten lines", "auth", "errors", "defaults", "runtimes"],
  "dagster-client": ["install", "ten lines", "auth", "errors", "defaults", "runtimes"],
  destination: ["install", "ten lines", "errors", "defaults"],
  "sync-engine": ["install", "ten lines", "errors", "defaults"],
  sources: ["install", "ten lines", "auth", "errors", "defaults"],
  insights: ["install", "ten lines", "errors", "defaults"],
  runner: ["install", "ten lines", "errors", "defaults"],
  simulators: ["install", "ten lines", "defaults"],
  cli: ["install", "ten lines", "auth", "errors", "defaults"],
};

const readme = (name: string) => readFileSync(join(root, "packages", name, "README.md"), "utf8");

test.each([...publishable.keys()])("the README of @org/%s answers the first questions of a reader", (name) => {
  expect(asked, "every published package").toHaveProperty([name]);
  for (const question of asked[name]!) expect(readme(name), question).toMatch(questions[question]);
});

test("the first lines of every README compile in a project that installed the packages", async (context) => {
  const project = inject("npmProject");
  const files = [...publishable.keys()]
    .filter((name) => asked[name]?.includes("ten lines"))
    .map((name) => {
      const file = `readme-${name}.ts`;
      writeFileSync(join(project, file), /^```ts\n(import [\s\S]*?)^```/m.exec(readme(name))?.[1] ?? "no such lines");
      return file;
    });
  const compilerOptions = {
    noEmit: true,
    strict: true,
    target: "es2023",
    lib: ["es2024", "dom", "esnext.disposable"],
    types: ["node"],
    module: "nodenext",
  };
  const config = join(project, "tsconfig.readmes.json");
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  const typescript = await orSkip(context, newestTypescript, () => obtain(newestTypescript));
  const tsc = join(typescript, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "--project", config], { cwd: project });
});

test.each(["airflow-client", "dagster-client"])(
  "the README of @org/%s names the runtimes that it is tested on",
  (name) => {
    const [, section = ""] = readme(name).split("## Sizes and runtimes");
    for (const { name } of runtimes) expect(section).toContain(name.split(".")[0]);
  },
);
