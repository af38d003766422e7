import type { StoredValues, Value } from "@org/destination";
import type { Cause, Difference, SharedKeys, TableComparison, VerifyResult } from "@org/sync-engine";
import { duration } from "../duration.ts";
import { grouped, textTable } from "./table.ts";

const causeTexts: Readonly<Record<Cause, string>> = {
  unexplained: "unexplained: the next syncs would not fix it; one with --full-refresh does",
  changed: "changed since the last sync: the next sync will update it",
  new: "new or restored since the last sync: the next sync will add it",
  deleted: "deleted on the server: the next sync with --reconcile will mark it",
  missed: "missed so far: the next sync with --reconcile will fix it",
  unstored: "not stored, because the destination cannot hold it: each sync reports and retries it",
  not_loaded: "unknown: its code location is not loaded",
  unknown: "not known",
};

/** How many rows differ from the server's. */
export function differenceCount({ tables }: Pick<VerifyResult, "tables">): number {
  return tables.reduce(
    (sum, { different, missing, extra, unstored, sharedKeys }) =>
      sum + different + missing + extra + unstored + (sharedKeys?.rows ?? 0),
    0,
  );
}

/** The result of a verification as text. */
export function verificationText(result: VerifyResult): string {
  const { destination: to, tables, outstanding, samples, requests, durationMs } = result;
  const head = ["table", "compared", "different", "missing", "extra", "kept"];
  const rows = tables.map((each) => [each.table, each.compared, each.different, each.missing, each.extra, each.kept]);
  const count = differenceCount(result);
  const compared = tables.reduce((sum, each) => sum + each.compared, 0);
  const found = count === 0 ? "No difference" : `${grouped(count)} ${count === 1 ? "difference" : "differences"}`;
  return [
    textTable(head, rows),
    ...tables
      .filter(({ differences, unstored, sharedKeys }) => sharedKeys || unstored > 0 || differences.length > 0)
      .map(tableText),
    ...samples.map(
      (stream) => `${stream}: not compared, since the server does not say how it was when samples were taken\n`,
    ),
    ...outstanding.map(({ stream, what, before }) => {
      const since = before === null ? "" : ` of runs before ${before.slice(0, 10)}`;
      return `${stream}: ${what}${since} are not synced yet, and count as missing: the next sync continues with them\n`;
    }),
    `${found} in ${grouped(compared)} rows: ${to} (${duration(durationMs)}, ${grouped(requests)} requests)\n`,
  ].join("");
}

function tableText(comparison: TableComparison): string {
  const { table, causes, differences, different, missing, extra, unstored, sharedKeys } = comparison;
  const more = different + missing + extra - differences.length;
  return [
    `\n${table}\n`,
    ...(unstored > 0
      ? [`  ${grouped(unstored)} of the server that no database can hold: each sync reports them\n`]
      : []),
    ...(sharedKeys ? [sharedKeysText(sharedKeys)] : []),
    ...Object.entries(causes).map(([cause, count]) => `  ${grouped(count)} ${causeTexts[cause as Cause]}\n`),
    ...differences.map(differenceText),
    ...(more > 0 ? [`    … and ${grouped(more)} more\n`] : []),
    "\n",
  ].join("");
}

function sharedKeysText({ rows, keys }: SharedKeys): string {
  const what = rows === 1 ? "1 row of the server has" : `${grouped(rows)} rows of the server have`;
  const lines = keys.map((key) => `    shared: ${keyText(key)}\n`);
  return `  ${what} the same key as another row, so the table cannot hold both: this release does not know what distinguishes them. Update it, or report the server's version.\n${lines.join("")}`;
}

function keyText(key: StoredValues): string {
  return Object.entries(key)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(", ");
}

function differenceText({ kind, cause, key, columns }: Difference): string {
  const lines = Object.entries(columns).map(
    ([column, { table, server }]) => `      ${column}: ${shown(table)} in the table, ${shown(server)} on the server\n`,
  );
  return `    ${kind} (${cause.replace("_", " ")}): ${keyText(key)}\n${lines.join("")}`;
}

function shown(value: Value): string {
  const text = typeof value === "bigint" ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
