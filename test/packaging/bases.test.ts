import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "@org/testkit/servers/processes";
import { inject, test } from "vitest";
import { newestTypescript, obtain, orSkip } from "./support/tools.ts";

/** The settings that people extend. None of them has the DOM's types. */
const bases = {
  node20: "@tsconfig/node20@20.1.10",
  node22: "@tsconfig/node22@22.0.6",
  node24: "@tsconfig/node24@24.0.5",
  strictest: "@tsconfig/strictest@2.0.8",
};

test.for([["node20"], ["node22"], ["node24"], ["node22", "strictest"]] as const)(
  "a program of both clients compiles with @tsconfig/%s, the declarations included",
  async (names, context) => {
    const folderOf = (specification: string) => orSkip(context, specification, () => obtain(specification));
    const project = inject("npmProject");
    cpSync(join(import.meta.dirname, "types", "portal.ts"), join(project, "portal.ts"));
    const settings = await Promise.all(
      names.map(async (name) => join(await folderOf(bases[name]), "node_modules", "@tsconfig", name, "tsconfig.json")),
    );
    const node = await folderOf("@types/node@26.6.7");
    const compilerOptions = {
      noEmit: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      typeRoots: [join(node, "node_modules", "@types")],
      types: ["node"],
    };
    const tsconfig = join(project, "tsconfig.base.json");
    writeFileSync(tsconfig, JSON.stringify({ extends: settings, compilerOptions, files: ["portal.ts"] }));
    const tsc = join(await folderOf(newestTypescript), "node_modules", "typescript", "bin", "tsc");
    await run(process.execPath, [tsc, "--project", tsconfig], { cwd: project });
  },
);
