import type { ExecutionTag } from "../generated/operations.ts";

/** Tags by name. */
export type Tags = Readonly<Record<string, string>>;

/** Tags as the server expects them. */
export const tagsOf = (tags: Tags): ExecutionTag[] => Object.entries(tags).map(([key, value]) => ({ key, value }));
