import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const readme = read("README.md");

/** The names in the first cells of the README's tables. */
const listed = [...readme.matchAll(/^\| ((?:`\w+`(?:, )?)+) /gm)].flatMap(([, cell]) =>
  [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name),
);

/** The fields of an exported interface. */
function fieldsOf(file: string, name: string): readonly (string | undefined)[] {
  const body = new RegExp(`export interface ${name} \\{\n([\\s\\S]*?)\n\\}`).exec(read(file))![1]!;
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field);
}

test("the README lists every option of sync and syncEvery", () => {
  const options = [...fieldsOf("src/sync.ts", "SyncOptions"), ...fieldsOf("src/sync-every.ts", "SyncEveryOptions")];
  expect(options).toEqual(expect.arrayContaining(["source", "now", "intervalMs"]));
  expect(options.filter((option) => !listed.includes(option))).toEqual([]);
});

test("the README lists every error code, and none that does not exist", () => {
  const [, union] = /SyncErrorCode =([\s\S]*?");/.exec(read("src/errors.ts"))!;
  const codes = [...union!.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code);
  expect(codes).toContain("STREAMS_FAILED");
  expect(listed.filter((name) => /^[A-Z_]+$/.test(name!)).sort()).toEqual(codes.sort());
});
