import { exactNumber } from "./exact-json.ts";

/**
 * Writes JSON with sorted keys, so that equal content is equal text: servers do not guarantee an order of keys, and a
 * row must not count as changed because of it. Numbers carried as text stay unchanged: 1.10 is not 1.1.
 *
 * @throws TypeError for anything that JSON cannot carry (NaN, undefined, bigint, a class instance, a lone surrogate):
 * JSON.stringify would drop or change it silently.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw new TypeError("a string with half a surrogate pair");
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`the number ${value}`);
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object": {
      if (value === null) return "null";
      const number = exactNumber(value);
      if (number !== undefined) return number;
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== null && prototype !== Object.prototype) throw new TypeError(`a ${prototype.constructor?.name}`);
      const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${entries.map(([key, item]) => `${canonicalJson(key)}:${canonicalJson(item)}`).join(",")}}`;
    }
    default:
      throw new TypeError(`a value of type ${typeof value}`);
  }
}
