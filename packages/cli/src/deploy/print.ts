/** Prints what a deploy changes. */
import { escaped, type SafeIo } from "../render/safe-output.ts";
import type { FileChange } from "./files.ts";

const signs = { new: "+", changed: "~", removed: "-" } as const;

export function printChange({ kind, name }: FileChange, io: SafeIo): void {
  io.stdout.write(`${signs[kind]} ${escaped(name)}\n`);
}

/** @param facts.unchanged the number of files before */
export function printSummary(
  {
    changes,
    unchanged,
    dryRun,
  }: { readonly changes: readonly FileChange[]; readonly unchanged: number; readonly dryRun: boolean },
  io: SafeIo,
): void {
  const count = (kind: FileChange["kind"]) => changes.filter((each) => each.kind === kind).length;
  const left = unchanged - count("changed") - count("removed");
  const text = `${count("new")} new, ${count("changed")} changed, ${count("removed")} removed, ${left} unchanged`;
  io.stdout.write(dryRun ? `Would be: ${text}. Nothing was written.\n` : `${text}.\n`);
}
