import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

test.each(["failed-runs.test.ts", "msw.test.ts"])(
  "the README shows examples/testing/%s, which is run, unchanged",
  (name) => {
    expect(text("packages/simulators/README.md")).toContain(`\n\`\`\`ts\n${text(`examples/testing/${name}`)}\`\`\`\n`);
  },
);
