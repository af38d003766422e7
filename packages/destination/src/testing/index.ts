import { describe, test } from "vitest";
import { atomicityCases } from "./atomicity-cases.ts";
import { type DestinationCase, type DestinationSuite, type Fixture, runCase } from "./case.ts";
import { changeCases } from "./change-cases.ts";
import { keyCases } from "./key-cases.ts";
import { readCases } from "./read-cases.ts";
import { readerCases } from "./reader-cases.ts";
import { rehearsalCases } from "./rehearsal-cases.ts";
import { replaceCases } from "./replace-cases.ts";
import { rowCases } from "./row-cases.ts";
import { schemaCases } from "./schema-cases.ts";
import { sqlCases } from "./sql-cases.ts";
import { stateCases } from "./state-cases.ts";
import { transferCases } from "./transfer-cases.ts";
import { unfitCases } from "./unfit-cases.ts";
import { viewCases } from "./view-cases.ts";
import { writerCases } from "./writer-cases.ts";

export { type DestinationCase, type DestinationSuite, type Fixture, runCase, type Subject } from "./case.ts";

/**
 * All requirements for a destination, as data: to run them with another test runner, or to check that they catch a broken
 * destination. Each case has its own fixture; see {@link runCase}.
 */
export const destinationCases: readonly DestinationCase[] = [
  ...rowCases,
  ...unfitCases,
  ...changeCases,
  ...replaceCases,
  ...readCases,
  ...stateCases,
  ...atomicityCases,
  ...writerCases,
  ...schemaCases,
  ...keyCases,
  ...rehearsalCases,
  ...viewCases,
  ...transferCases,
  ...sqlCases,
  ...readerCases,
];

/**
 * The cases that apply to a destination, based on what it declares and implements, and on whether other processes can open
 * it.
 */
export async function casesFor<P extends Fixture>(suite: DestinationSuite<P>): Promise<readonly DestinationCase[]> {
  const fixture = await suite.create();
  const destination = fixture.connect();
  await fixture.cleanup?.();
  return destinationCases.filter(
    ({ when, ofProcesses, ofReaders }) =>
      (!when || when(destination.capabilities, destination)) &&
      (!ofProcesses || fixture.process !== undefined) &&
      (!ofReaders || fixture.asReader !== undefined),
  );
}

/** Some cases start processes and kill them, and the machine may be busy. */
const TIMEOUT_MS = 60_000;

/**
 * Registers the conformance suite for one destination with vitest. Await it at the top level of a test file.
 *
 * @example await testDestination({ name: "mine", create: makeFixture, read: (fixture, table) =>
 * readFromOutside(fixture, table) });
 */
export async function testDestination<P extends Fixture>(suite: DestinationSuite<P>): Promise<void> {
  const cases = await casesFor(suite);
  describe.each([...new Set(cases.map((each) => each.group))])(`${suite.name}: %s`, (group) => {
    for (const each of cases.filter((one) => one.group === group))
      test(each.name, () => runCase(suite, each), TIMEOUT_MS);
  });
}
