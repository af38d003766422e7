import { destinationCases, runCase, testDestination } from "@org/destination/testing";
import { filesSuite } from "@org/testkit/places/files";
import { describe, test } from "vitest";

await testDestination(filesSuite("parquet"));

if (process.env.NIGHTLY) {
  await testDestination(filesSuite("ndjson"));
  await testDestination(filesSuite("csv"));
} else {
  // The formats differ only in what a file looks like.
  const cases = destinationCases.filter(
    ({ group, name }) => group === "rows" || /widens|adds|without a trace/.test(name),
  );
  describe.each(["ndjson", "csv"] as const)("files, %s", (format) => {
    for (const each of cases) test(each.name, () => runCase(filesSuite(format), each));
  });
}
