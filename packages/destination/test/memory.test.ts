import { createMemory, type MemoryDestination, memoryDestination } from "@org/destination/memory";
import { type Fixture, testDestination } from "@org/destination/testing";

interface MemoryFixture extends Fixture {
  readonly destination: MemoryDestination;
}

await testDestination<MemoryFixture>({
  name: "memory",
  async create() {
    const memory = createMemory();
    return { destination: memoryDestination(memory), connect: () => memoryDestination(memory) };
  },
  read: async ({ destination }, table) => destination.rows(table),
});
