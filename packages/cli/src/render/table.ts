import { visible } from "@org/kit";

/** A cell of a text table. */
export type Cell = string | number | bigint | boolean | null | undefined;

/**
 * Formats rows as a text table: columns as wide as their widest cell, numbers aligned to the right.
 *
 * @param head names of the columns
 * @param indent spaces before every line
 * @param ended further columns to align to the right, such as durations
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  indent = 0,
  ended: readonly boolean[] = [],
): string {
  const digits = head.map((_, column) => Math.max(0, ...rows.map((row) => fractionDigits(row[column]))));
  const texts = rows.map((row) => head.map((_, column) => cellText(row[column], digits[column])));
  const right = head.map(
    (_, column) => ended[column] || (rows.length > 0 && rows.every((row) => isNumber(row[column]))),
  );
  const widths = head.map((name, column) =>
    Math.max(name.length, ...texts.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) =>
      right[column] ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number),
    );
    return `${" ".repeat(indent)}${padded.join("  ")}`.trimEnd();
  };
  const rule = widths.map((width) => "─".repeat(width));
  return `${[line(head), line(rule), ...texts.map(line)].join("\n")}\n`;
}

/** A number with separators: 12,345. */
export function grouped(value: number | bigint, digits = 0): string {
  return new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

function isNumber(cell: Cell): boolean {
  return typeof cell === "number" || typeof cell === "bigint" || cell === null || cell === undefined;
}

/** The number of decimals, at most two: all numbers of a column get as many as the longest. */
function fractionDigits(cell: Cell): number {
  if (typeof cell !== "number") return 0;
  return [0, 1, 2].find((digits) => Number(cell.toFixed(digits)) === cell) ?? 2;
}

function cellText(cell: Cell, digits = 0): string {
  if (cell === null || cell === undefined) return "–";
  return typeof cell === "number" || typeof cell === "bigint"
    ? grouped(cell, digits)
    : visible(String(cell)).replace(/\n/g, "\\n").replace(/\t/g, "\\t");
}
