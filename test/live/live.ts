import { describe, inject } from "vitest";

/** A group of tests that need a real server: skipped where none can be installed, which setup.ts says loudly. */
export const describeLive = describeLiveBefore("3.14");

/** The same for a server's version. @param pythonBefore the first Python that is too new for it */
export function describeLiveBefore(pythonBefore: string) {
  return describe.skipIf(!inject("pythonBefore").includes(pythonBefore));
}

/** Says what a server's provisioning does, so that a slow start is no silence. */
export const log = (line: string): void => console.log(`  ${line}`);
