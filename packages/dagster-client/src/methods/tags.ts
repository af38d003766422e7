import type { ExecutionTag } from "../generated/operations.ts";

/** Tags by their names. */
export type Tags = Readonly<Record<string, string>>;

/** Tags as the server takes them. */
export const tagsOf = (tags: Tags): ExecutionTag[] => Object.entries(tags).map(([key, value]) => ({ key, value }));
