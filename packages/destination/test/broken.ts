/** Destinations that are wrong on purpose, held to one case of the suite. */
import type { Destination, Session } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { destinationCases, type Fixture, runCase } from "@org/destination/testing";
import { createFixture, duckdbSuite } from "@org/testkit/places/duckdb";

export type Wrong = (right: Destination) => Destination;

/** Changes some methods of a session, given the session that does it right. */
export const inSession =
  (mistake: (right: Session) => Partial<Session>): Wrong =>
  (right) =>
    wrapSession(right, mistake);

/** Runs a case, by its name, with a wrong destination in place of DuckDB. */
export function run(caseName: string, wrong: Wrong): Promise<void> {
  const named = destinationCases.find((each) => each.name === caseName);
  if (!named) throw new Error(`The suite has no case named "${caseName}".`);
  const create = async () => {
    const fixture = await createFixture();
    const destination = wrong(fixture.connect());
    const asReader = fixture.asReader?.bind(fixture);
    const wrongly: Pick<Fixture, "asReader"> = asReader
      ? { asReader: (work) => asReader((right) => work(wrong(right))) }
      : {};
    return { ...fixture, connect: () => destination, ...wrongly };
  };
  return runCase({ ...duckdbSuite, create }, named);
}
