import type { Contender } from "../contender.ts";
import { replay } from "../sent.ts";
import type { DagsterTarget } from "./target.ts";

/** The requests of our sync, as many at once as it sent, with the responses read and discarded. */
export const ceiling: Contender<DagsterTarget> = {
  copy: async (target) => ({ requests: await replay(target, {}) }),
  stored: async () => ({}),
};
