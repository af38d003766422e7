/** What decides whether the packaging tests run, on small repositories. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { compareSurface } from "../scripts/surface.ts";

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

test.each([
  "packages/destination/src/sql/commit.ts",
  "packages/destination/test/commit.test.ts",
  "packages/testkit/src/compare.ts",
  "docs/limits.md",
])("%s is no part of the surface, committed or not", (file) => {
  write(file, "changed");
  const leftOut = { isChanged: false, because: expect.stringMatching(/^nothing .* changed since [0-9a-f]{9}$/) };
  expect(compareSurface(root, "base")).toEqual(leftOut);
  commit();
  expect(compareSurface(root, "base")).toEqual(leftOut);
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
])("%s is a part of the surface, committed or not", (file) => {
  write(file, "{}");
  // Another change beside it hides nothing.
  write("a.md", "changed");
  expect(compareSurface(root, "base")).toMatchObject({ isChanged: true });
  write(file, "{ }");
  commit();
  expect(compareSurface(root, "base")).toEqual({ isChanged: true, because: `${file} changed` });
});

test("a deleted entry point is a change", () => {
  rmSync(join(root, "packages/destination/src/bin.ts"));
  expect(compareSurface(root, "base")).toMatchObject({ isChanged: true });
});

test("what others changed since is no change of this branch", () => {
  git("switch", "-c", "mine");
  write("docs/limits.md", "changed");
  commit();
  git("switch", "main");
  write("packages/destination/src/bin.ts", "changed");
  commit();
  git("switch", "mine");
  expect(compareSurface(root, "main")).toMatchObject({ isChanged: false });
});

test("without anything to compare with, all is tested", () => {
  expect(compareSurface(root, "base")).toMatchObject({
    isChanged: true,
    because: expect.stringMatching(/nothing is ahead/),
  });
  expect(compareSurface(root)).toEqual({ isChanged: true, because: "git knows no origin/main to compare with" });
});
