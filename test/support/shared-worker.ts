/**
 * Unit tests do not get a process per file, since starting one and loading our modules takes longer than most files'
 * tests. So a file must leave its process as it found it, or fail: otherwise another file fails, and only in some orders.
 */
import { afterAll, expect, vi } from "vitest";
import { limiters } from "../../packages/sync-engine/src/limiter.ts";

/** What tests change most easily, and would forget to change back. */
function surroundings() {
  return {
    environment: { ...process.env },
    folder: process.cwd(),
    globals: Object.fromEntries(
      ["fetch", "Date", "setTimeout", "location"].map((name) => [name, Reflect.get(globalThis, name)]),
    ),
  };
}

const before = surroundings();
const warnings: string[] = [];
/** Undici names a proxy with TLS by its address in the handshake (DEP0123). */
const isKnown = ({ name, code }: Error & { readonly code?: string }) =>
  name === "ExperimentalWarning" || code === "DEP0123";
const note = (warning: Error) => {
  if (!isKnown(warning)) warnings.push(`${warning.name}: ${warning.message}`);
};
process.on("warning", note);
// What a sync learned about a host must not slow down or speed up another file's sync of a host with that name.
limiters.clear();

// Runs after the file's own hooks.
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  process.off("warning", note);
  expect(surroundings(), "what this file left to the next one in its process").toEqual(before);
  // Most are only printed once per process. So whichever file is first has to report it.
  expect(warnings, "warnings of Node, such as on deprecated options or on too many listeners").toEqual([]);
});
