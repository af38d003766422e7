import { UsageError } from "./errors.ts";

/** `--at`, or what it was called before. @throws UsageError */
export function atOf({ at, to }: { readonly at?: string; readonly to?: string }): string | undefined {
  if (at !== undefined && to !== undefined && at !== to) {
    throw new UsageError("--at and --to mean the same: leave one of them out.");
  }
  return at ?? to;
}
