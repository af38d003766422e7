import { casesFor, type DestinationSuite, type Place, runCase } from "@org/destination/testing";
import { describe, test } from "vitest";
import { createMemory, type MemoryDestination, memoryDestination } from "./memory-destination.ts";

interface MemoryPlace extends Place {
  readonly destination: MemoryDestination;
}

const suite: DestinationSuite<MemoryPlace> = {
  name: "memory",
  async create() {
    const memory = createMemory();
    return {
      destination: memoryDestination(memory),
      connect: () => memoryDestination(memory),
      process: { module: "none", argument: "none" },
    };
  },
  read: async ({ destination }, table) => destination.rows(table),
};

/** What needs a second process, which memory is not shared with. */
const ofProcesses = [
  "holds exactly the rows of its state after the writing process was killed",
  "names the other process that holds the lock, and opens once that has ended",
  "lets another process in as soon as a session is closed",
];

const cases = (await casesFor(suite)).filter(({ name }) => !ofProcesses.includes(name));

describe.each([...new Set(cases.map(({ group }) => group))])("memory: %s", (group) => {
  for (const each of cases.filter((one) => one.group === group)) test(each.name, () => runCase(suite, each));
});
