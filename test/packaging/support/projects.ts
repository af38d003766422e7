import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "@org/testkit/servers/processes";
import { root } from "./tools.ts";

/** The parts of a package.json that the tests read. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly engines: { readonly node: string };
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The published packages, by folder name. */
export const publishable: ReadonlyMap<string, Manifest> = new Map(
  readdirSync(join(root, "packages"))
    .map((name): [string, Manifest] => [
      name,
      JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")),
    ])
    .filter(([, manifest]) => !manifest.private),
);

/** What a package's users import from, such as `@org/destination/duckdb`: not what resolves in the checkout only. */
export function entryPoints({ name, exports }: Manifest): string[] {
  return Object.entries(exports)
    .filter(([path, target]) => typeof target !== "string" && "default" in target && !path.includes("*"))
    .map(([path]) => name + path.slice(1));
}

/** pnpm with its version, for npx. */
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string };
const pnpm = (cwd: string, ...args: string[]) => run("npx", ["--yes", packageManager, ...args], { cwd });

/** Builds what changed and packs everything. Uses pnpm, to resolve `catalog:` and `workspace:`. */
export async function buildAndPack(folder: string): Promise<Record<string, string>> {
  await pnpm(root, "exec", "turbo", "run", "build", "--output-logs=errors-only");
  mkdirSync(folder, { recursive: true });
  const filters = [...publishable.values()].map(({ name }) => `--filter=${name}`);
  await pnpm(root, "--recursive", ...filters, "pack", "--pack-destination", folder);
  const files = readdirSync(folder);
  const found = [...publishable.values()].map(({ name }): [string, string] => {
    const file = files.find((file) => file.startsWith(`${name.slice(1).replace("/", "-")}-`));
    if (file === undefined) throw new Error(`${name} was not packed; there are ${files.join(", ")}`);
    return [name, join(folder, file)];
  });
  return Object.fromEntries(found);
}

/** An empty npm project. */
export async function installWithNpm(folder: string, tarballs: Readonly<Record<string, string>>): Promise<string> {
  writeProject(folder, tarballs);
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  return folder;
}

/** An empty pnpm project, in which packages only see their declared dependencies. */
export async function installWithPnpm(folder: string, tarballs: Readonly<Record<string, string>>): Promise<string> {
  writeProject(folder, tarballs);
  // Until they are published, this is how the packages find each other.
  writeFileSync(
    join(folder, "pnpm-workspace.yaml"),
    JSON.stringify({ packages: ["."], overrides: addresses(tarballs) }),
  );
  await pnpm(folder, "install", "--prefer-offline", "--no-frozen-lockfile");
  return folder;
}

function writeProject(folder: string, tarballs: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  const dependencies = { ...companions(), ...addresses(tarballs) };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
}

/** What a project needs besides our packages: Node's types, and peers of some of the clients' entry points. */
function companions(): Record<string, string> {
  const clients = [...publishable.values()].filter(({ name }) => name.endsWith("-client"));
  return Object.assign({ "@types/node": "^24" }, ...clients.map(({ peerDependencies }) => peerDependencies));
}

function addresses(tarballs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`]));
}
