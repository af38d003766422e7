import type { Destination } from "@org/destination";
import { memoryDestination } from "@org/destination/memory";
import { type Source, sync } from "@org/sync-engine";
import { expect, test } from "vitest";

const empty: Source = {
  name: "test",
  url: "http://127.0.0.1:1/",
  streams: [],
  start: () => undefined,
  check: async () => ({ version: "1", notes: [] }),
};

const never = new Promise<never>(() => {});

test("a destination that never closes ends the sync in bounded time", async () => {
  const real = memoryDestination();
  const stuck: Destination = {
    ...real,
    open: async (options) => Object.assign(await real.open(options), { close: () => never }),
  };
  await expect(sync({ source: empty, destination: stuck, destinationMs: 20 })).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
    message: "destination: closing it: no response within 0 s",
    retryable: true,
  });
});

test("a destination that opens too late is closed again, and free for the next sync", async () => {
  const real = memoryDestination();
  let opened = () => {};
  const late = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const slow: Destination = {
    ...real,
    async open({ pipeline }) {
      await late;
      return real.open({ pipeline });
    },
  };
  await expect(sync({ source: empty, destination: slow, destinationMs: 20 })).rejects.toMatchObject({
    message: "destination: opening it: no response within 0 s",
  });
  opened();
  await new Promise((resolve) => setImmediate(resolve));
  await sync({ source: empty, destination: real });
});
