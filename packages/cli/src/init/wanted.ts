import type { SourceKind } from "../sources.ts";

/** How a server lets us in. */
export const ways = ["password", "token", "command", "none"] as const;
export type Way = (typeof ways)[number];

/** What somebody wants to sync. */
export interface Wanted {
  readonly kind: SourceKind;
  readonly url: string;
  readonly way: Way;
}
