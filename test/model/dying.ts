import type { Destination, Session } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";

/** A destination whose nth commit kills the process, before or after it is durable. */
export function dying(
  destination: Destination,
  dies: { readonly at: number; readonly where: "request" | "before" | "after" } | undefined,
): Destination {
  if (!dies || dies.where === "request") return destination;
  return wrapped(destination, (session) => {
    let commits = 0;
    return async (stream, batch) => {
      commits += 1;
      if (commits >= dies.at && dies.where === "before") throw new Error("the lights went out");
      const result = await session.commit(stream, batch);
      if (commits >= dies.at) throw new Error("the lights went out");
      return result;
    };
  });
}

/** Replaces a destination's `commit`, and optionally `keys`. */
export function wrapped(
  destination: Destination,
  commitOf: (session: Session) => Session["commit"],
  keysOf: (session: Session) => Session["keys"] = ({ keys }) => keys,
): Destination {
  return wrapSession(destination, (session) => ({ keys: keysOf(session), commit: commitOf(session) }));
}
