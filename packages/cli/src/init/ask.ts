import { readLines } from "@org/kit";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { addressOf, parseWanted, type Wanted, type Way, ways } from "./parse.ts";

/** Asks what to sync, and where to. A question is repeated until its answer is usable. */
export async function ask(io: Io): Promise<{ readonly wanted: readonly Wanted[]; readonly to: string }> {
  const answers = readLines(io.stdin as AsyncIterable<Uint8Array | string>);

  const stopped = new Promise<never>((_, reject) => {
    if (io.signal?.aborted) reject(io.signal.reason);
    io.signal?.addEventListener("abort", () => reject(io.signal?.reason), { once: true });
  });
  stopped.catch(() => undefined);

  async function answer<T>(question: string, read: (text: string) => T | Promise<T>): Promise<T> {
    for (;;) {
      io.stderr.write(`${question} `);
      const { value, done } = await Promise.race([answers.next(), stopped]);
      if (done) throw new UsageError("Input ended before the last question. Nothing was written.");
      try {
        return await read(value.trim());
      } catch (error) {
        if (!(error instanceof Error && "code" in error) && !(error instanceof UsageError)) throw error;
        io.stderr.write(`${error.message}\n`);
      }
    }
  }

  try {
    const wanted: Wanted[] = [];
    for (;;) {
      const question = wanted.length === 0 ? "Which server?" : "Another one? (empty: done)";
      const hint = wanted.length === 0 ? " (airflow:https://… or dagster:https://…)" : "";
      const source = await answer(question + hint, (text) =>
        text === "" && wanted.length > 0 ? undefined : addressOf(text),
      );
      if (!source) break;
      const [usual, all] = source.kind === "airflow" ? ["password", ways] : ["none", ways.slice(1)];
      const way = await answer(`How to authenticate: ${all.join(", ")}? (empty: ${usual})`, (text) =>
        wayOf(text || usual!, all),
      );
      wanted.push({ ...source, way });
    }
    const to = await answer("Where to? (empty: duckdb:orchestration.duckdb)", async (text) => {
      const [place] = await parseWanted([], text || "duckdb:orchestration.duckdb");
      return place;
    });
    return { wanted, to };
  } finally {
    await answers.return(undefined);
  }
}

function wayOf(text: string, all: readonly Way[]): Way {
  const way = all.find((each) => each === text);
  if (way) return way;
  throw new UsageError(`Answer one of: ${all.join(", ")}.`);
}
