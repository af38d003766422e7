import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/**
 * A proxy in front of a server. On request, it cuts a connection at a response that contains certain text, or holds back
 * everything that is sent after certain text.
 */
export async function cuttingProxy(url: string) {
  const server = new URL(url);
  let cutAt: string | undefined;
  let holdAfter: string | undefined;
  let isHeld = (): void => {};
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    let held = false;
    client.on("data", (data) => {
      if (held) return;
      upstream.write(data);
      held = holdAfter !== undefined && data.includes(holdAfter);
      if (!held) return;
      holdAfter = undefined;
      isHeld();
    });
    upstream.on("data", (data) => {
      if (cutAt !== undefined && data.includes(cutAt)) {
        cutAt = undefined;
        client.destroy();
        return;
      }
      client.write(data);
    });
  });
  proxy.listen(0, server.hostname);
  await once(proxy, "listening");
  const { port } = proxy.address() as { port: number };
  return {
    url: Object.assign(new URL(url), { port: String(port) }).href,
    cutAt(words: string) {
      cutAt = words;
    },
    /** @returns once it holds back what is sent */
    holdAfter(words: string): Promise<void> {
      holdAfter = words;
      return new Promise((resolve) => {
        isHeld = resolve;
      });
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}
