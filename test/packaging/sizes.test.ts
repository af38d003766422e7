import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "@org/testkit/servers/processes";
import { expect, test } from "vitest";
import { entryPoints, publishable } from "./support/projects.ts";
import { root } from "./support/tools.ts";

/** The result of size-limit for an entry of a package's `size-limit`. */
interface Size {
  readonly name: string;
  readonly passed: boolean;
  /** In bytes, minified and compressed with Brotli, dependencies included and peers not. */
  readonly size: number;
  readonly sizeLimit: number;
}

test.each(["airflow-client", "dagster-client"])("@org/%s is not larger than its README says", async (name) => {
  const folder = join(root, "packages", name);
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const sizes = JSON.parse(await run("size-limit", ["--json"], { cwd: folder })) as Size[];
  for (const { name, passed, size, sizeLimit } of sizes) {
    expect(
      passed,
      `${name} has ${size} bytes; raise its limit in package.json and in the README, if it is worth it`,
    ).toBe(true);
    expect(size, `${name}: a limit of ${sizeLimit} bytes says too little`).toBeGreaterThan(0.8 * sizeLimit);
    expect(readme.replace(/ +/g, " "), `the README states the limit of ${name}`).toContain(
      `| \`${name}\` | ${sizeLimit / 1000} kB |`,
    );
  }
  const stated = sizes.map(({ name }) => name);
  expect(stated, "every entry point has a line").toEqual(expect.arrayContaining(entryPoints(publishable.get(name)!)));
});
