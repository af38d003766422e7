import { describeRange, type PythonRange } from "@org/testkit/servers/find-python";
import { describe, inject } from "vitest";

/** A group of tests that need a real server. Skipped if none can be installed, with a warning from setup.ts. */
export const describeLive = describeLiveOn({});

/** The same for a server's version. @param pythons the Pythons that it supports */
export function describeLiveOn(pythons: PythonRange) {
  return describe.skipIf(!inject("pythons").includes(describeRange(pythons)));
}

/** Logs the provisioning of a server, so that a slow start is visible. */
export const log = (line: string): void => console.log(`  ${line}`);
