import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { PostgresServer } from "../../../test/live/servers/postgres.ts";

/** Stands before a server and, once it is told to, cuts a connection at an answer with certain words. */
export async function cuttingProxy(server: PostgresServer, words: string) {
  let armed = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(server.port, server.host);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => {
      if (armed && data.includes(words)) {
        armed = false;
        client.destroy();
        return;
      }
      client.write(data);
    });
  });
  proxy.listen(0, server.host);
  await once(proxy, "listening");
  const { port } = proxy.address() as { port: number };
  return {
    url: `postgresql://${server.user}@${server.host}:${port}/postgres`,
    cutNext() {
      armed = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}
