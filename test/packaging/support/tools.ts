import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "@org/testkit/servers/processes";
import type { TestContext } from "vitest";

/** The newest TypeScript: what people's projects compile with next. */
export const newestTypescript = "typescript@7.0.2";

/** The checkout. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Installs a package from npm into `.cache/`, where it stays: what only these tests need, and is too large for everybody
 * who installs the checkout (a gigabyte in all).
 *
 * @param specification as npm takes it, with an exact version
 * @returns the folder that it is installed in, with its `node_modules`
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
    if (!existsSync(folder)) throw error; // Another process may have made it meanwhile.
  }
  return folder;
}

/**
 * What a test needs that not every machine can have. Where it cannot be had, the test is skipped, and says so loudly; where
 * nothing may be skipped (`REQUIRE_LIVE`, as in CI), it fails.
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
