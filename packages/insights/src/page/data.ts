/** The answers as data inside the page: columns as JSON, compressed. The README documents the format. */
import { gzipSync } from "node:zlib";
import type { Answer } from "../answer.ts";
import { Html } from "./html.ts";

/** The block's id. Scripts rely on it, so it must not change. */
const dataId = "dagsync-data";

/** @returns a block that browsers do not execute */
export function dataBlock(answers: readonly Answer[], about: object): Html {
  const questions = Object.fromEntries(answers.map((answer) => [answer.question.name, columnsOf(answer)]));
  const json = JSON.stringify({ version: 1, ...about, questions });
  const text = gzipSync(json, { level: 9 }).toString("base64");
  return new Html(`<script type="application/json;gzip;base64" id="${dataId}">${text}</script>`);
}

/** A column is a list of values, or, if texts repeat, `{ of: texts, at: indexes }`. */
function columnsOf({ question, rows, window, sql, values }: Answer): object {
  const columns = Object.entries(question.columns).map(([name, { type }]) => {
    const values = rows.map((row) => row[name]);
    if (type === "text") return [name, indexed(values)];
    if (type === "list") return [name, values.map((value, at) => (at < LISTED ? short(value) : null))];
    return [name, type === "number" ? values.map(short) : values];
  });
  // Statements are similar, so they compress well.
  return { window, rows: rows.length, columns: Object.fromEntries(columns), sql, values };
}

function indexed(values: readonly unknown[]): unknown {
  const of = [...new Set(values)];
  if (of.length * 2 > values.length) return values;
  const places = new Map(of.map((value, at) => [value, at]));
  return { of, at: values.map((value) => places.get(value)) };
}

/** Lists, such as the median of each day, are most of the data for many DAGs, so only the first rows have them. */
const LISTED = 50;

/** Two digits are enough to draw and to compare. Integers stay unchanged. */
function short(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(short);
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(2)) : value;
}
