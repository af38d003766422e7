import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "@org/testkit/servers/processes";
import { expect, inject, test } from "vitest";

/**
 * Budgets for the compiler's, and so an editor's, work on a file that uses ten operations of a client, independent of the
 * machine. They may be raised for more operations, but not for a type that became more expensive.
 */
const budgets = {
  airflow: { types: 5000, instantiations: 14_000 },
  dagster: { types: 1500, instantiations: 1000 },
};

test.each(["airflow", "dagster"] as const)(
  "ten operations of the %s client take a compiler little time and memory",
  async (name) => {
    const project = inject("npmProject");
    const folder = join(import.meta.dirname, "types");
    cpSync(join(folder, `${name}.ts`), join(project, `${name}.ts`));
    const file = join(project, `tsconfig.${name}.json`);
    const compilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable"],
      types: [],
      module: "nodenext",
    };
    writeFileSync(file, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
    const report = await run("tsc", ["--project", file, "--extendedDiagnostics"]);
    const count = (label: string) => Number(new RegExp(`^${label}: +(\\d+)`, "m").exec(report)?.[1]);
    const found = { types: count("Types"), instantiations: count("Instantiations") };
    console.log(`  ${name}: ${found.types} types, ${found.instantiations} instantiations, ${count("Memory used")} KB`);
    for (const what of ["types", "instantiations"] as const) {
      expect(found[what], `${what}, with 0 where a declaration is not found`).toBeGreaterThan(
        0.7 * budgets[name][what],
      );
      expect(found[what], what).toBeLessThanOrEqual(budgets[name][what]);
    }
  },
);
