import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inject } from "vitest";
import { startDagster } from "./dagster.ts";
import { dagsterTruth } from "./dagster-truth.ts";
import { seedDagster } from "./dagster-world.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** URL of the process that starts the shared Dagster at the first request. */
    readonly sharedDagster: string;
  }
}

/** A Dagster of the newest version with 600 runs. Tests must only read it. */
export interface SharedDagster {
  readonly url: string;
  /** Counts of its data. */
  readonly truth: Awaited<ReturnType<typeof dagsterTruth>>;
}

/** The instance shared by all test files. */
export async function sharedDagster(): Promise<SharedDagster> {
  const response = await fetch(inject("sharedDagster"));
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as SharedDagster;
}

/** Listens for {@link sharedDagster}. Starts the server only if a test asks for it. */
export async function offerDagster(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  let starting: ReturnType<typeof startSeeded> | undefined;
  const listener = createServer(async (_, response) => {
    starting ??= startSeeded();
    await starting.then(
      ({ shared }) => response.end(JSON.stringify(shared)),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    async stop() {
      listener.closeAllConnections();
      listener.close();
      await starting?.then(({ server }) => server.stop());
    },
  };
}

async function startSeeded() {
  const server = await startDagster({ log: () => {} });
  try {
    await seedDagster(server, { runs: 600 });
    const shared: SharedDagster = { url: server.url, truth: await dagsterTruth(server) };
    return { server, shared };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
