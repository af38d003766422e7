/** Where the conformance suite's cases try the destination. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Destination } from "@org/destination";
import { MemoryTable } from "@org/destination/memory";
import type { DestinationSuite, Fixture } from "@org/destination/testing";
import { documents } from "./documents.ts";

interface DocumentsFixture extends Fixture {
  readonly file: string;
}

/** What the suite's other processes call. */
export const connect = (file: string): Destination => documents(file);

export const suite: DestinationSuite<DocumentsFixture> = {
  name: "documents",
  async create() {
    const folder = mkdtempSync(join(tmpdir(), "documents-"));
    const file = join(folder, "test.sqlite");
    return {
      file,
      connect: () => connect(file),
      process: { module: import.meta.url, argument: file },
      cleanup: async () => rmSync(folder, { recursive: true }),
    };
  },
  async read({ file }, table) {
    const database = new DatabaseSync(file, { readOnly: true });
    const found = database.prepare("SELECT json FROM documents WHERE id = ?").get(`table ${table}`);
    database.close();
    return MemoryTable.from(JSON.parse(String(found?.json))).rows();
  },
};
