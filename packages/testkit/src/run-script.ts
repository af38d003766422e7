import { spawnSync } from "node:child_process";
import type { Fixture } from "@org/destination/testing";

/** A script's output, and how far it got. */
export interface Filled {
  readonly said: string;
  /** The last batch that was stored, counted from 1. */
  readonly stored: number;
}

/** The table that {@link fillDisk} writes. */
export const filledTable = {
  name: "things",
  description: "",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "" }, text: { type: "string", description: "" } },
} as const;

/**
 * Runs a script in another process, and returns its output. The script can call `connect(argument)` of the place.
 *
 * @param shell Shell commands to run first, such as `ulimit -f 100;`.
 */
export function runScript({ process: there }: Fixture, script: string, shell = ""): string {
  if (!there) throw new TypeError("Other processes cannot open this place.");
  const text = `
    const { connect } = await import(${JSON.stringify(there.module)});
    const argument = ${JSON.stringify(there.argument)};
    ${script}`;
  const command = [process.execPath, "--conditions=@org/source", "--input-type=module", "--eval", text];
  const { stdout, stderr } = spawnSync("sh", ["-c", `${shell} exec "$0" "$@"`, ...command], { encoding: "utf8" });
  return stdout + stderr;
}

/**
 * Stores batches of {@link filledTable} in another process until it hits a file size limit, which fails at the same points
 * as a full disk. Each batch is larger than the one before. The state of the stream `fill` is the last batch's number.
 *
 * @param blocks The limit, in blocks of 512 bytes.
 * @param rows Rows per batch.
 */
export function fillDisk(
  fixture: Fixture,
  { blocks, rows }: { readonly blocks: number; readonly rows: number },
): Filled {
  const script = `
    const table = ${JSON.stringify(filledTable)};
    const text = (length) => Array.from({ length }, () => Math.random().toString(36)).join("");
    const session = await connect(argument).open({ pipeline: "first" });
    await session.prepare([table]);
    try {
      for (let number = 1; ; number += 1) {
        const upserts = Array.from({ length: ${rows} }, (_, index) => (
          { id: number * ${rows} + index, text: text(40 * number) }));
        await session.commit("fill", { table, upserts, state: { version: 1, value: number } });
        console.log("stored", number);
      }
    } catch (error) {
      console.log(error.code, error.message);
    }
    await session.close();`;
  const said = runScript(fixture, script, `ulimit -f ${blocks}; trap '' XFSZ;`);
  return { said, stored: Number(/stored (\d+)\n[A-Z_]+ /.exec(said)?.[1] ?? 0) };
}
