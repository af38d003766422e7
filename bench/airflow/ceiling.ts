/** The requests of our sync, as many at once as it sent, with the responses read and discarded. */
import { readFileSync } from "node:fs";
import { type Contender, pathOf, tokenOf } from "./contender.ts";
import type { SentRequest } from "./ours.ts";

export const ceiling: Contender = {
  async copy(target) {
    const { sent } = JSON.parse(readFileSync(pathOf(target, "sent.json"), "utf8")) as { sent: SentRequest[] };
    const headers = { authorization: `Bearer ${await tokenOf(target)}`, "content-type": "application/json" };
    const running = new Set<Promise<void>>();
    for (const { method, path, body, limit } of sent) {
      while (running.size >= limit) await Promise.race(running);
      const one = fetch(target.url + path, { method, headers, body })
        .then((response) => response.arrayBuffer())
        .then(() => void running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
    return sent.length;
  },
  stored: async () => ({ runs: [], attempts: [] }),
};
