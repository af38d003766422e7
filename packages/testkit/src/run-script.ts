import { spawnSync } from "node:child_process";
import type { Fixture } from "@org/destination/testing";

/** What a script wrote, and how far it got. */
export interface Filled {
  readonly said: string;
  /** The last batch that was stored; batches count from 1. */
  readonly stored: number;
}

/** What the batches of {@link fillDisk} hold. */
export const filledTable = {
  name: "things",
  description: "",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "" }, text: { type: "string", description: "" } },
} as const;

/**
 * Runs a script in another process, and returns all that it wrote. It may call `connect(argument)`, the place's own.
 *
 * @param shell Shell commands before the script begins, such as `ulimit -f 100;`.
 */
export function runScript({ process: there }: Fixture, script: string, shell = ""): string {
  if (!there) throw new TypeError("No other process gets to this place.");
  const text = `
    const { connect } = await import(${JSON.stringify(there.module)});
    const argument = ${JSON.stringify(there.argument)};
    ${script}`;
  const command = [process.execPath, "--conditions=@org/source", "--input-type=module", "--eval", text];
  const { stdout, stderr } = spawnSync("sh", ["-c", `${shell} exec "$0" "$@"`, ...command], { encoding: "utf8" });
  return stdout + stderr;
}

/**
 * Stores batches of {@link filledTable} in another process until a limit on the size of files stops it, which fails in
 * the same places as a full disk. Each batch is larger than the one before. The stream `fill` has the number of the last batch as its state.
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
