/** Writes values into Python source, so that nothing in them can become code. */

export type PythonValue =
  | string
  | number
  | boolean
  | null
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

/**
 * A value as a Python literal. Text keeps its letters and digits; what is not visible, or could pass for something else,
 * is escaped: line separators, marks of writing direction, emoji.
 */
export function python(value: PythonValue): string {
  if (typeof value === "string") return pythonText(value);
  if (typeof value === "number") return pythonNumber(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map((each) => python(each as PythonValue)).join(", ")}]`;
  const entries = Object.entries(value).map(([key, each]) => `${pythonText(key)}: ${python(each as PythonValue)}`);
  return `{${entries.join(", ")}}`;
}

function pythonText(text: string): string {
  // JSON's escapes mean the same in Python, except for the halves of a pair.
  return JSON.stringify(text).replace(/[^\p{L}\p{N} -~]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** Python has no literal for what is not finite, and reads `1e21` as JavaScript does. */
function pythonNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : `float(${pythonText(String(value).replace("Infinity", "inf"))})`;
}
