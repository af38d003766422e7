import { describe, inject } from "vitest";

/** A group of tests that need a real server: skipped where none can be installed, which setup.ts says loudly. */
export const describeLive = describe.skipIf(!inject("live"));

/** Says what a server's provisioning does, so that a slow start is no silence. */
export const log = (line: string): void => console.log(`  ${line}`);
