/** Runs one case of the suite against a deliberately broken destination. */
import type { Destination, Session } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { destinationCases, type Fixture, runCase } from "@org/destination/testing";
import { createFixture, duckdbSuite } from "@org/testkit/places/duckdb";

export type Wrong = (right: Destination) => Destination;

/** Replaces some methods of a correct session. */
export const inSession =
  (mistake: (right: Session) => Partial<Session>): Wrong =>
  (right) =>
    wrapSession(right, mistake);

/** Runs a case, by name, with a broken DuckDB destination. */
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
