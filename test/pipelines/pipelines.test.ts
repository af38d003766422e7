/** Every source into every destination: all must end with the same rows. S3 is in test/live/s3.test.ts. */
import { describe, test } from "vitest";
import { livePipeline } from "../support/pipeline-life.ts";
import { startSuites } from "../support/suites.ts";

describe.each((await startSuites()).map((suite) => [suite.name, suite] as const))("%s", (_, suite) => {
  test.each(["airflow", "dagster"] as const)(
    "I3, I4: holds what %s does after each sync, the same as every other destination",
    (kind) => livePipeline(suite, kind),
  );
});
