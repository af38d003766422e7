import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "@org/testkit/servers/processes";
import type { TestContext } from "vitest";

/** The newest TypeScript. */
export const newestTypescript = "typescript@7.0.2";

/** The checkout. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Installs a package from npm into `.cache/`, for tools that only these tests need and that would make installing the
 * checkout slow (a gigabyte in total).
 *
 * @param specification an npm specifier with an exact version
 * @returns the folder that contains its `node_modules`
 */
export async function obtain(specification: string): Promise<string> {
  const name = specification.replace(/[^\w.]+/g, "-").replace(/^-/, "");
  const hash = createHash("sha256")
    .update(`${specification} ${process.platform} ${process.arch}`)
    .digest("hex")
    .slice(0, 8);
  const folder = join(root, ".cache", "npm", `${name}-${hash}`);
  if (existsSync(folder)) return folder;
  const made = `${folder}.${process.pid}`;
  try {
    mkdirSync(made, { recursive: true });
    writeFileSync(join(made, "package.json"), '{"private":true}');
    await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", specification], { cwd: made });
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // Another process may have installed it first.
  }
  return folder;
}

/**
 * A tool that is not available on every machine. If it is missing, the test is skipped with a warning, or fails if nothing
 * may be skipped (`REQUIRE_LIVE`, as in CI).
 */
export async function orSkip<T>(context: TestContext, what: string, get: () => Promise<T>): Promise<T> {
  try {
    return await get();
  } catch (error) {
    if (process.env.REQUIRE_LIVE) throw error;
    const line = "=".repeat(100);
    console.warn(`\n${line}\nSKIPPED: ${what} cannot be had here. ${(error as Error).message}\n${line}\n`);
    return context.skip(`${what} cannot be had here`);
  }
}
