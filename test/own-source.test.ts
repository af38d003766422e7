import { readFileSync } from "node:fs";
import { testSource } from "@org/sync-engine/testing";
import { expect, test } from "vitest";
import { suite } from "../examples/own-source/suite.ts";

testSource(suite);

const text = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

test.each(["tables.ts", "farm.ts", "suite.ts"])("the guide to writing a source shows %s unchanged", (name) => {
  expect(text("packages/sources/WRITING.md")).toContain(`\n\`\`\`ts\n${text(`examples/own-source/${name}`)}\`\`\`\n`);
});
