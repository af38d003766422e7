import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the sources use nothing of Node", () => {
  const folder = fileURLToPath(new URL("../src", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(30);
  for (const file of files) {
    const code = readFileSync(join(folder, file), "utf8").replace(/^\s*(\*|\/\/|\/\*).*$/gm, "");
    expect(code, file).not.toMatch(/["']node:|\bBuffer\b|\bprocess\.|\brequire\(|\bsetImmediate\b|\b__dirname\b/);
  }
});
