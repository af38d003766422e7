import { rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Insights, questions, type Scope } from "@org/insights";
import { reportPage } from "@org/insights/page";
import { parseExportPlace } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { configuredParameters, type ReportTarget } from "./place.ts";

/** Writes the page completely or not at all. @throws UsageError if the file cannot be written */
export async function writePage(
  file: string,
  insights: Insights,
  { place, ...scope }: Scope & { readonly place: ReportTarget },
  io: Pick<SafeIo, "stdout" | "signal">,
): Promise<void> {
  const bucket = /^s3:/i.test(file) ? parseExportPlace("--html", file) : undefined;
  if (!bucket && /^[a-z][a-z0-9+.-]+:/i.test(file)) {
    throw new UsageError("--html needs a path, as in report.html, or s3://bucket/report.html.");
  }
  if (bucket && !/^s3:\/\/[^/]+\/.*[^/]$/i.test(bucket.into)) {
    throw new UsageError("--html names a bucket but no object: write s3://bucket/folder/report.html.");
  }
  const parameters = configuredParameters(questions, place);
  const { servers } = place;
  const text = await reportPage(insights, { ...scope, title: place.destination.name, servers, parameters });
  const size = `${Math.ceil(Buffer.byteLength(text) / 1000)} kB`;
  if (bucket) {
    const { putObject } = await import("@org/destination/files");
    await putObject(bucket.into, text, { ...bucket.s3, contentType: "text/html; charset=utf-8", signal: io.signal });
    io.stdout.write(`${bucket.into} (${size})\n`);
    return;
  }
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
  io.stdout.write(`${resolve(file)} (${size})\n`);
}
