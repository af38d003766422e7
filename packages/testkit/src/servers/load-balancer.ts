import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A load balancer in front of several servers. */
export interface LoadBalancer {
  readonly url: string;
  /** Number of requests forwarded. */
  readonly requests: () => number;
  close(): Promise<void>;
}

/** @param choose picks the server for the nth request, from 0 */
export async function startLoadBalancer(
  targets: readonly string[],
  choose: (nth: number) => number = (nth) => nth % targets.length,
): Promise<LoadBalancer> {
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    const { hostname, port } = new URL(targets[choose(count)] ?? "");
    count += 1;
    const { method, url: path, headers } = incoming;
    const passedOn = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passedOn.on("error", () => outgoing.destroy());
    incoming.pipe(passedOn);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => count,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
