/** What editors say: a sentence of ours for every operation and every parameter, and none for what is gone. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { operationsOf } from "../generate/input.ts";
import { textOf, texts } from "../generate/texts.ts";

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../../specs/airflow/${file}`, import.meta.url), "utf8"));
const fab = read("fab/3.9.0.json");
const withRoot = Object.fromEntries(Object.entries(fab.paths).map(([path, item]) => [`/auth${path}`, item]));
const operations = [...operationsOf(read("3.4.0b2.json")), ...operationsOf({ ...fab, paths: withRoot })];
const generated = ["schema.ts", "fab.ts"]
  .map((file) => readFileSync(new URL(`../src/generated/${file}`, import.meta.url), "utf8"))
  .join("\n");

test("every operation has a sentence, and every sentence an operation", () => {
  expect(Object.keys(texts.operations).sort()).toEqual(operations.map(([name]) => name).sort());
});

test("every parameter has a sentence", () => {
  const missing = operations.flatMap(([name, { parameters = [] }]) =>
    (parameters as { name: string }[])
      .filter((parameter) => !textOf(name, parameter))
      .map((parameter) => `${name} ${parameter.name}`),
  );
  expect(missing).toEqual([]);
});

test("every parameter with a sentence exists", () => {
  const names = operations.flatMap(([name, { parameters = [] }]) =>
    (parameters as { name: string }[]).flatMap((parameter) => [
      parameter.name,
      `${name} ${parameter.name}`,
      parameter.name.replace(/_[gl]te?$/, "_*"),
    ]),
  );
  expect(Object.keys(texts.parameters).filter((name) => !names.includes(name))).toEqual([]);
});

test.each([...Object.values(texts.operations), ...Object.values(texts.fields)])("is in the types: %s", (text) => {
  expect(generated).toContain(text);
});

test.each([...Object.values(texts.operations), ...Object.values(texts.parameters), ...Object.values(texts.fields)])(
  "is a sentence: %s",
  (text) => {
    expect(text).toMatch(/^([A-Z0-9`~]|`).*[.]$|^[a-z`].*\.$/);
    expect(text).not.toMatch(/\*\//);
  },
);
