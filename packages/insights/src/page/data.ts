/** The answers as data, inside of the page: columns as JSON, compressed. The README documents the form. */
import { gzipSync } from "node:zlib";
import type { Answer } from "../answer.ts";
import { Html } from "./html.ts";

/** The block's id. Scripts read it, so it stays. */
const dataId = "dagsync-data";

/** @returns a block that no browser executes */
export function dataBlock(answers: readonly Answer[], about: object): Html {
  const questions = Object.fromEntries(answers.map((answer) => [answer.question.name, columnsOf(answer)]));
  const json = JSON.stringify({ version: 1, ...about, questions });
  const text = gzipSync(json, { level: 9 }).toString("base64");
  return new Html(`<script type="application/json;gzip;base64" id="${dataId}">${text}</script>`);
}

/** A column is a list of values, or, where texts repeat, `{ of: texts, at: indexes }`. */
function columnsOf({ question, rows, window, sql, values }: Answer): object {
  const columns = Object.entries(question.columns).map(([name, { type }]) => {
    const values = rows.map((row) => row[name]);
    if (type === "text") return [name, indexed(values)];
    if (type === "list") return [name, values.map((value, at) => (at < LISTED ? short(value) : null))];
    return [name, type === "number" ? values.map(short) : values];
  });
  // Statements are alike, so that compressed they are small.
  return { window, rows: rows.length, columns: Object.fromEntries(columns), sql, values };
}

function indexed(values: readonly unknown[]): unknown {
  const of = [...new Set(values)];
  if (of.length * 2 > values.length) return values;
  const places = new Map(of.map((value, at) => [value, at]));
  return { of, at: values.map((value) => places.get(value)) };
}

/** Lists, such as the median of each day, are most of what there is to say of many DAGs: the first rows have them. */
const LISTED = 50;

/** Two digits are enough to draw and to compare; whole numbers stay as they are. */
function short(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(short);
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(2)) : value;
}
