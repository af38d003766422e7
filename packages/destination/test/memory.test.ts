import { createMemory, type MemoryDestination, memoryDestination } from "@org/destination/memory";
import { type Place, testDestination } from "@org/destination/testing";

interface MemoryPlace extends Place {
  readonly destination: MemoryDestination;
}

await testDestination<MemoryPlace>({
  name: "memory",
  async create() {
    const memory = createMemory();
    return { destination: memoryDestination(memory), connect: () => memoryDestination(memory) };
  },
  read: async ({ destination }, table) => destination.rows(table),
});
