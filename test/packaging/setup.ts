import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildAndPack, installWithNpm } from "./support/projects.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The tarballs, as `npm publish` would send them, by package name. */
    readonly tarballs: Readonly<Record<string, string>>;
    /** An empty project into which npm installed all of them. */
    readonly npmProject: string;
  }
}

/** Builds and packs every package, and installs the tarballs, to test exactly what users get. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "packaging-"));
  const tarballs = await buildAndPack(join(folder, "tarballs"));
  project.provide("tarballs", tarballs);
  project.provide("npmProject", await installWithNpm(join(folder, "npm"), tarballs));
  return () => rmSync(folder, { recursive: true, force: true });
}
