/** What "now" means in answers. */
import type { Json } from "@org/destination";
import { expect, test } from "vitest";
import { asOfOf } from "../src/as-of.ts";

const stream = (name: string, data: Json, committedAt = "2026-11-30T12:00:00Z") => ({
  ...{ stream: name, tables: [], committedAt },
  state: { version: 2, value: { revision: 1, data } },
});
const at = (text: string) => Date.parse(text) * 1000;
const server = (text: string) => ({ position: { server: Date.parse(text), local: Date.parse(text) } });

test("the tables are as current as the stream furthest behind", () => {
  const streams = [stream("dags", server("2026-11-30T11:00Z")), stream("dag_runs", server("2026-11-30T08:00Z"))];
  expect(asOfOf([{ pipeline: "a", tables: [], streams }])).toBe(at("2026-11-30T08:00Z"));
  expect(asOfOf([{ pipeline: "a", tables: [], streams }], ["b"])).toBeUndefined();
  const begun = [stream("dags", { history: {} })];
  expect(asOfOf([{ pipeline: "a", tables: [], streams: begun }])).toBe(at("2026-11-30T12:00Z"));
});
