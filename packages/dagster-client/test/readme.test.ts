import { readFileSync } from "node:fs";
import * as everything from "@org/dagster-client";
import { expect, test } from "vitest";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README names every short method, and no others", () => {
  const { assets, backfills, codeLocations, instance, jobs, runs, schedules, sensors } = everything;
  const namespaces = { assets, backfills, codeLocations, instance, jobs, runs, schedules, sensors };
  for (const [name, methods] of Object.entries(namespaces)) {
    const row = new RegExp(`^\\| \`${name}\` +\\| (.*) \\|$`, "m").exec(readme)?.[1] ?? "";
    const named = [...row.matchAll(/`(\w+)`/g)].map(([, method]) => method);
    expect(named.sort(), name).toEqual(Object.keys(methods).sort());
  }
});
