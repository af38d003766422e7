/** Finds what a branch changed, to decide which tests can be skipped. */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";

export interface Changes {
  /** The commit at which the branch started. */
  readonly since: string;
  /** Changed paths, committed since then or uncommitted. */
  readonly files: readonly string[];
}

/**
 * What `npm publish` sends, and the contents of the clients' bundles, which have size budgets. Entry points are added from
 * each package's `exports`.
 */
const surface = [
  /^packages\/[^/]+\/(package\.json|README\.md|LICENSE|tsup\.config\.mjs|[^/]+\.graphql)$/,
  /^packages\/[^/]+\/src\/bin\.ts$/,
  /^packages\/(kit|airflow-client|dagster-client)\/src\//,
  /^test\/packaging\//,
  /^packages\/testkit\/src\/servers\/processes\.ts$/,
  /^(package\.json|pnpm-lock\.yaml|pnpm-workspace\.yaml|turbo\.json|tsup\.config\.mjs|tsconfig(\.build)?\.json)$/,
  /^scripts\/(build|check|bootstrap|changes)\.m?[jt]s$/,
];

/** Files that live tests use without importing them: programs that they start, data that they read. */
const unimported = [
  /^(specs|examples)\//,
  /^packages\/testkit\/(?!.*\.(ts|md)$)/,
  /^(pnpm-lock\.yaml|vitest\.config\.ts)$|package\.json$/,
  /^scripts\/(check|changes|tiers)\.ts$/,
];

/**
 * Compares the checkout, including uncommitted changes, to the commit at which it left another branch.
 *
 * @param base Default: `CHECK_BASE`, or `origin/main`.
 * @returns undefined if there is nothing to compare with: git does not know the base, or HEAD is not ahead of it
 */
export function changesSince(root: string, base = process.env.CHECK_BASE || "origin/main"): Changes | undefined {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const since = git("merge-base", "HEAD", base);
    const listed = [git("diff", "--name-only", since), git("ls-files", "--others", "--exclude-standard")];
    const files = listed.join("\n").split("\n").filter(Boolean);
    return files.length > 0 ? { since, files } : undefined;
  } catch {
    return undefined;
  }
}

/** A changed file that requires the packaging tests. Undefined if there is none. */
export function surfaceChange(root: string, { files }: Changes): string | undefined {
  const entries = entryPoints(root);
  return files.find((file) => entries.has(file) || surface.some((pattern) => pattern.test(file)));
}

/** A changed file that live tests use without importing it. Undefined if there is none. */
export function unimportedChange({ files }: Changes): string | undefined {
  return files.find((file) => unimported.some((pattern) => pattern.test(file)));
}

/** The source files that the packages' `exports` name. */
function entryPoints(root: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const manifest of globSync("packages/*/package.json", { cwd: root })) {
    const folder = manifest.replace("/package.json", "");
    const { exports = {} } = JSON.parse(readFileSync(`${root}/${manifest}`, "utf8"));
    for (const entry of Object.values<Record<string, string> | string>(exports)) {
      const source = typeof entry === "string" ? entry : entry["@org/source"];
      if (source) found.add(`${folder}/${source.replace("./", "")}`);
    }
  }
  return found;
}
