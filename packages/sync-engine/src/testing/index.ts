/** The conformance suite for sources. */
import { describe, test } from "vitest";
import { runCase, type SourceSuite } from "./case.ts";
import { sourceCases } from "./cases.ts";

export {
  type BeforeRequest,
  runCase,
  type SourceCase,
  type SourceFixture,
  type SourceSuite,
  type Subject,
  type SubjectOptions,
} from "./case.ts";
export { sourceCases } from "./cases.ts";

const TIMEOUT_MS = 60_000;

/**
 * Registers the conformance suite for one source with vitest.
 *
 * @example testSource({ name: "mine", create: async () => startServerWithRows() });
 */
export function testSource(suite: SourceSuite): void {
  describe(suite.name, () => {
    test.each(sourceCases)("$name", (each) => runCase(suite, each), TIMEOUT_MS);
  });
}
