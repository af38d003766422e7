import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("..", import.meta.url);
const rows = readFileSync(new URL("test/DEFECTS.md", root), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, id, file, name] = /^\| ([AD]\d+) +\| .* \| `([^`]+)`: "(.+)" +\|$/.exec(line) ?? [];
    return id && file && name ? [{ id, file, name }] : [];
  });

test("every known defect has a line in DEFECTS.md", () => {
  const ids = (letter: string, count: number) => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
  expect(rows.map(({ id }) => id)).toEqual([...ids("A", 20), ...ids("D", 14)]);
});

test.each(rows)("$id is covered by a test that exists", ({ file, name }) => {
  expect(readFileSync(new URL(file, root), "utf8")).toContain(JSON.stringify(name));
});
