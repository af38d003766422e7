/** Whether the packages' surface changed: what `npm publish` sends, and what the sizes of the clients depend on. */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";

/** Paths whose change makes the packaging tests run. Entry points are added from each package's `exports`. */
const surface = [
  /^packages\/[^/]+\/(package\.json|README\.md|LICENSE|tsup\.config\.mjs|[^/]+\.graphql)$/,
  /^packages\/[^/]+\/src\/bin\.ts$/,
  // Their bundles have budgets.
  /^packages\/(kit|airflow-client|dagster-client)\/src\//,
  /^test\/packaging\//,
  /^packages\/testkit\/src\/servers\/processes\.ts$/,
  /^(package\.json|pnpm-lock\.yaml|pnpm-workspace\.yaml|turbo\.json|tsup\.config\.mjs|tsconfig(\.build)?\.json)$/,
  /^scripts\/(build|check|bootstrap|surface)\.m?[jt]s$/,
];

export interface Surface {
  readonly isChanged: boolean;
  /** For people: what changed, or since when nothing did. */
  readonly because: string;
}

/**
 * Compares the checkout, with what is not committed, to a commit.
 *
 * @param base The commit. Default: where this branch left `origin/main`; where that is unknown, or nothing is ahead of
 * it, the surface counts as changed.
 */
export function compareSurface(root: string, base = process.env.CHECK_BASE): Surface {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const since = git("merge-base", "HEAD", base ?? "origin/main");
    const files = [git("diff", "--name-only", since), git("ls-files", "--others", "--exclude-standard")]
      .join("\n")
      .split("\n")
      .filter((file) => file !== "");
    if (files.length === 0) return { isChanged: true, because: "nothing is ahead of origin/main to compare with" };
    const entries = entryPoints(root);
    const changed = files.find((file) => entries.has(file) || surface.some((pattern) => pattern.test(file)));
    if (changed) return { isChanged: true, because: `${changed} changed` };
    return { isChanged: false, because: `nothing that they depend on changed since ${since.slice(0, 9)}` };
  } catch {
    return { isChanged: true, because: `git knows no ${base ?? "origin/main"} to compare with` };
  }
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
