/** Destinations with data of an older release: see fixtures/write.ts. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import type { Kind } from "./connect.ts";

/** The pipeline that owns the tables. */
export const pipeline = "airflow@example.org";

export const fixture = (name: string): string =>
  gunzipSync(readFileSync(new URL(`fixtures/2452459/${name}.gz`, import.meta.url))).toString();

/** Creates a copy of the release's data until the test ends, and returns its place. Not for database servers. */
export function unpack(kind: Exclude<Kind, "postgres">): string {
  const folder = mkdtempSync(join(tmpdir(), "upgrade-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries<string>(JSON.parse(fixture(`${kind}.json`)))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), Buffer.from(content, "base64"));
  }
  return kind === "sqlite" || kind === "duckdb" ? join(folder, `old.${kind}`) : folder;
}
