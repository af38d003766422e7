import type { ExecutionTag } from "../generated/operations.ts";

/** A tag, as the server returns it. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** Tags by name, or as the server returns them. */
export type Tags = Readonly<Record<string, string>> | readonly Tag[];

/** Tags as the server expects them. */
export function tagsOf(tags: Tags): ExecutionTag[] {
  if (Array.isArray(tags)) return tags.map(({ key, value }: Tag) => ({ key, value }));
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
