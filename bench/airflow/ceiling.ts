import type { Contender } from "../contender.ts";
import { replay } from "../sent.ts";
import { type AirflowTarget, tokenOf } from "./target.ts";

/** The requests of our sync, as many at once as it was allowed, with the responses read and discarded. */
export const ceiling: Contender<AirflowTarget> = {
  async copy(target) {
    const headers = { authorization: `Bearer ${await tokenOf(target)}` };
    return { requests: await replay(target, headers, "limit") };
  },
  stored: async () => ({}),
};
