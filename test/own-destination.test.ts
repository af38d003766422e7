import { readFileSync } from "node:fs";
import { testDestination } from "@org/destination/testing";
import { expect, test } from "vitest";
import { suite } from "../examples/own-destination/suite.ts";

await testDestination(suite);

const text = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

test.each(["documents.ts", "suite.ts"])("the guide to writing a destination shows %s unchanged", (name) => {
  const code = text(`examples/own-destination/${name}`);
  expect(text("packages/destination/WRITING.md")).toContain(`\n\`\`\`ts\n${code}\`\`\`\n`);
  expect(code.split("\n").length).toBeLessThanOrEqual(100);
});
