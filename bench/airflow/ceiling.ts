import type { Contender } from "../contender.ts";
import { replay } from "../sent.ts";
import { type AirflowTarget, tokenOf } from "./target.ts";

/** The requests of our sync, as many at once as it sent, with the responses read and discarded. */
export const ceiling: Contender<AirflowTarget> = {
  async copy(target) {
    return { requests: await replay(target, { authorization: `Bearer ${await tokenOf(target)}` }) };
  },
  stored: async () => ({}),
};
