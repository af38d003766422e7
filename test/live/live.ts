import { describeRange, type PythonRange } from "@org/testkit/servers/find-python";
import { describe, inject } from "vitest";

/** A group of tests that need a real server: skipped where none can be installed, which setup.ts says loudly. */
export const describeLive = describeLiveOn({});

/** The same for a server's version. @param pythons those that it runs on */
export function describeLiveOn(pythons: PythonRange) {
  return describe.skipIf(!inject("pythons").includes(describeRange(pythons)));
}

/** Says what a server's provisioning does, so that a slow start is no silence. */
export const log = (line: string): void => console.log(`  ${line}`);
