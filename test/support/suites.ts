/** Every destination that the tests of whole pipelines run into. */
import type { DestinationSuite, Place } from "@org/destination/testing";
import { duckdbSuite } from "../../packages/destination/test/duckdb-place.ts";

export const suites = [duckdbSuite] as readonly DestinationSuite[] as readonly DestinationSuite<Place>[];
