/** Which tests `npm test` skips, decided in small repositories. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { changesSince, surfaceChange, unimportedChange } from "../scripts/changes.ts";

let root: string;

function git(...args: readonly string[]): void {
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  execFileSync("git", [...who, ...args], { cwd: root, stdio: "ignore" });
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

function commit(): void {
  git("add", "-A");
  git("commit", "-m", "A change");
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "surface-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  git("init", "-b", "main");
  const exports = { "./sql": { "@org/source": "./src/sql/entry.ts" }, "./package.json": "./package.json" };
  write("packages/destination/package.json", JSON.stringify({ exports }));
  write("packages/destination/src/sql/entry.ts", "");
  write("packages/destination/src/bin.ts", "");
  commit();
  git("branch", "base");
});

const changes = (base = "base") => changesSince(root, base)!;

test.each([
  "packages/destination/src/sql/commit.ts",
  "packages/destination/test/commit.test.ts",
  "packages/testkit/src/compare.ts",
  "docs/limits.md",
])("%s is neither surface nor used without an import, committed or not", (file) => {
  write(file, "changed");
  const found = { files: [file], since: expect.stringMatching(/^[0-9a-f]{40}$/) };
  expect(changes()).toEqual(found);
  commit();
  expect(changes()).toEqual(found);
  expect(surfaceChange(root, changes())).toBeUndefined();
  expect(unimportedChange(changes())).toBeUndefined();
});

test.each([
  "packages/destination/package.json",
  "packages/destination/README.md",
  "packages/destination/src/sql/entry.ts",
  "packages/destination/src/bin.ts",
  "packages/dagster-client/src/errors.ts",
  "packages/kit/src/sleep.ts",
  "pnpm-lock.yaml",
  "tsup.config.mjs",
  "scripts/build.mjs",
  "test/packaging/sizes.test.ts",
])("%s is surface, committed or not, beside other changes", (file) => {
  write(file, "{}");
  write("a.md", "changed");
  expect(surfaceChange(root, changes())).toBe(file);
  commit();
  expect(surfaceChange(root, changes())).toBe(file);
});

test.each([
  "packages/testkit/src/servers/dagster/write.py",
  "packages/testkit/src/servers/requirements/airflow-3.4.0.txt",
  "specs/airflow/3.4.0.json",
  "examples/promote-when-green/index.ts",
  "packages/destination/package.json",
  "pnpm-lock.yaml",
])("live tests use %s without importing it", (file) => {
  write("a.md", "changed");
  write(file, "{}");
  expect(unimportedChange(changes())).toBe(file);
});

test("a deleted entry point changes the surface", () => {
  rmSync(join(root, "packages/destination/src/bin.ts"));
  expect(surfaceChange(root, changes())).toBe("packages/destination/src/bin.ts");
});

test("later changes on the base are not changes of this branch", () => {
  git("switch", "-c", "mine");
  write("docs/limits.md", "changed");
  commit();
  git("switch", "main");
  write("packages/destination/src/bin.ts", "changed");
  commit();
  git("switch", "mine");
  expect(changes("main").files).toEqual(["docs/limits.md"]);
});

test("there is nothing to compare with if nothing is ahead of the base, or git does not know it", () => {
  expect(changesSince(root, "base")).toBeUndefined();
  expect(changesSince(root)).toBeUndefined();
});
