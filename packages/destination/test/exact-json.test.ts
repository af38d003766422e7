import { needsExactNumbers, parseJson, plainNumber } from "@org/destination";
import { expect, test } from "vitest";
import { canonicalJson } from "../src/json.ts";
import { jsonbValue } from "../src/postgres/values.ts";

const inexact = [
  "12345678901234567890",
  "-9007199254740993",
  "1.10",
  "5.0",
  "1e400",
  "-1e400",
  "1E5",
  "1e5",
  "1e+21",
  "-0",
  "-0.0",
  "0.0",
  "0.0000001",
  "0.1000000000000000055511151231257827",
  "123456789.123456789",
  "1e-400",
];

test.each(inexact.filter((number) => number !== "1e+21"))("%s is written back unchanged", (number) => {
  for (const text of [number, `[${number}]`, `{"a":${number}}`, `[1,${number},2]`, `{"a":"5.0","b":[ ${number} ]}`]) {
    expect(canonicalJson(parseJson(text))).toBe(text.replaceAll(" ", ""));
    expect(JSON.stringify(parseJson(text))).toBe(text.replaceAll(" ", ""));
  }
});

test.each(["0", "-1", "1.5", "1e+21", "1e-7", "-1.5e-7", "1.7976931348623157e+308", "5e-324", "0.30000000000000004"])(
  "%s is a plain number",
  (number) => {
    expect(parseJson(`{"a":[${number}]}`)).toEqual({ a: [Number(number)] });
  },
);

test("texts that look like numbers stay texts, and do not affect the numbers' types", () => {
  const value = { a: "[1.10,5.0]", "1e400": ":1.10,", b: 7 };
  expect(parseJson(JSON.stringify(value))).toEqual(value);
});

test("only numbers in the relevant part count", () => {
  const text = '{"duration":5.0,"conf":{"a":"b"}}';
  const value = JSON.parse(text) as { duration: number; conf: object };
  expect(needsExactNumbers(value, text)).toBe(true);
  expect(needsExactNumbers(value.conf, text)).toBe(false);
});

test("any key is kept, the last of equal keys wins, and values nested too deeply get plain numbers", () => {
  const text = '{"__proto__":1.10,"a":1,"a":2.0,"constructor":{"x":3.0}}';
  expect(JSON.stringify(parseJson(text))).toBe('{"__proto__":1.10,"a":2.0,"constructor":{"x":3.0}}');
  const deep = `${"[".repeat(50_000)}1.10${"]".repeat(50_000)}`;
  expect(() => parseJson(deep)).not.toThrow();
});

test("a number carried as text can be read as a plain number", () => {
  const [number, other] = parseJson("[1.10,2]") as [never, never];
  expect([plainNumber(number), plainNumber(other)]).toEqual([1.1, 2]);
});

test("a different order of keys is not a change; a different spelling of a number is", () => {
  expect(canonicalJson(parseJson('{"b":1.10,"a":1}'))).toBe('{"a":1,"b":1.10}');
  expect(canonicalJson(parseJson('{"a":1.1}'))).not.toBe(canonicalJson(parseJson('{"a":1.10}')));
});

test("jsonb's spelling of numbers is recognized", () => {
  const held = (text: string) => JSON.stringify(jsonbValue(parseJson(text)));
  expect(held("[1E5,1.10,1.50e1,-2.50E-3,-0,-0.0,0e3,12345678901234567890]")).toBe(
    "[100000,1.10,15.0,-0.00250,0,0.0,0,12345678901234567890]",
  );
  expect(held("[1e400]")).toBe(`[1${"0".repeat(400)}]`);
  expect(held('{"1E5":"1E5 \\" 1E5"}')).toBe('{"1E5":"1E5 \\" 1E5"}');
  expect(jsonbValue([1e21, 1e-7, 1.5])).toEqual([1e21, 1e-7, 1.5]);
});
