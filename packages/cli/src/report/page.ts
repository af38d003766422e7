import { rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Insights, questions, type Scope } from "@org/insights";
import { reportPage } from "@org/insights/page";
import { UsageError } from "../errors.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { type AskedPlace, parametersSaid } from "./place.ts";

/** Writes the page, all of it or nothing. @throws UsageError where the file cannot be written */
export async function writePage(
  file: string,
  insights: Insights,
  { place, ...scope }: Scope & { readonly place: AskedPlace },
  io: Pick<SafeIo, "stdout">,
): Promise<void> {
  if (/^[a-z][a-z0-9+.-]+:/i.test(file)) throw new UsageError("--html writes a file: give a path, as in report.html.");
  const parameters = parametersSaid(questions, place);
  const { servers } = place;
  const text = await reportPage(insights, { ...scope, title: place.destination.name, servers, parameters });
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw new UsageError(`--html: the file cannot be written (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    });
  }
  io.stdout.write(`${resolve(file)} (${Math.ceil(text.length / 1000)} kB)\n`);
}
