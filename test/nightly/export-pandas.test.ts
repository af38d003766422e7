/** Exported files as pandas reads them through pyarrow: every value, its type, and null apart from empty text. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineTable, type Row, type StoredValues, systemColumns } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { exportTables } from "@org/destination/export";
import { ensureVenv } from "@org/testkit/servers/python";
import { expect, onTestFinished, test } from "vitest";
import { describeLive, log } from "../live/live.ts";

const table = defineTable({
  name: "things",
  description: "",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "" },
    name: { type: "string", nullable: true, description: "" },
    moment: { type: "timestamp", nullable: true, description: "" },
    seconds: { type: "float64", nullable: true, description: "" },
    done: { type: "boolean", nullable: true, description: "" },
    conf: { type: "json", nullable: true, description: "" },
  },
});

const row = (id: number | bigint, known: Partial<Row<typeof table>> = {}): Row<typeof table> => ({
  ...{ id, name: null, moment: null, seconds: null, done: null, conf: null },
  ...known,
});

const rows = [
  row(1),
  row(2, { name: "" }),
  row(3, { name: 'say "x", then\r\nbreak\n', conf: { a: [1, null, 'y,\n"z"'] } }),
  row(4, { name: "NULL", seconds: -0.1, done: false }),
  row(5, { name: "nan", moment: "2026-11-01T00:00:00.000001Z", seconds: 1e300, done: true }),
  row(6, { name: "=1+1", moment: "0001-01-01T00:00:00.000000Z" }),
  row(9_223_372_036_854_775_807n, { name: "é😀\u2028", moment: "9999-12-31T23:59:59.999999Z", conf: [] }),
  row(-8, { name: " padded ", conf: "text" }),
];

/** Prints rows as JSON, whole numbers and timestamps as texts. */
const script = `import datetime, json, sys
import pandas, pyarrow, pyarrow.csv, pyarrow.parquet
path, form, columns = sys.argv[1], sys.argv[2], json.load(open(sys.argv[3]))
types = {"string": pyarrow.string(), "int64": pyarrow.int64(), "float64": pyarrow.float64(), "boolean": pyarrow.bool_(),
  "timestamp": pyarrow.timestamp("us", tz="UTC"), "json": pyarrow.string()}
if form == "parquet":
    table = pyarrow.parquet.read_table(path)
    found = {field.name: field.type for field in table.schema}
    for column in columns:
        kind = found[column["name"]]
        assert kind == types[column["type"]] or column["type"] == "json", (column, kind)
elif form == "csv":
    convert = pyarrow.csv.ConvertOptions(column_types={c["name"]: types[c["type"]] for c in columns}, null_values=[""],
        strings_can_be_null=True, quoted_strings_can_be_null=False)
    with pyarrow.input_stream(path) as stream:
        table = pyarrow.csv.read_csv(stream, convert_options=convert,
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))
if form == "ndjson":
    with pyarrow.input_stream(path) as stream:
        frame = pandas.DataFrame([json.loads(line) for line in stream.read().decode().split("\\n") if line], dtype=object)
    lists = {name: [None if isinstance(v, float) and v != v else v for v in frame[name]] for name in frame}
else:
    frame = table.to_pandas(types_mapper=pandas.ArrowDtype)
    lists = {name: frame[name].array.__arrow_array__().to_pylist() for name in frame}
def said(value, kind):
    if value is None: return None
    if kind == "int64": return str(value)
    if kind == "json": return json.loads(value) if form != "ndjson" else value
    if isinstance(value, datetime.datetime): return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)
    return value
print(json.dumps([{c["name"]: said(lists[c["name"]][i], c["type"]) for c in columns} for i in range(len(frame))]))`;

describeLive("exported files, read by pandas through pyarrow", () => {
  test.each([
    { format: "parquet", compression: "zstd" },
    { format: "csv", compression: "gzip" },
    { format: "csv", compression: "zstd" },
    { format: "ndjson", compression: "zstd" },
    { format: "ndjson", compression: "gzip" },
  ] as const)("are equal row by row as $format with $compression", { timeout: 300_000 }, async (form) => {
    const venv = await ensureVenv({ name: "pandas-3.1.1", log });
    const folder = mkdtempSync(join(tmpdir(), "export-pandas-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const destination = duckdb(join(folder, "from.duckdb"));
    const session = await destination.open({ pipeline: "p" });
    await session.prepare([table]);
    await session.commit("things", { table, upserts: rows, state: { version: 1, value: null } });
    await session.close();
    const into = join(folder, "to");
    const { files } = await exportTables(destination, { into, tables: [table], ...form });
    const [{ path, columns }] = files as [(typeof files)[number]];
    writeFileSync(join(folder, "columns.json"), JSON.stringify(columns));
    const args = ["-c", script, join(into, path), form.format, join(folder, "columns.json")];
    const printed = JSON.parse(execFileSync(venv.python, args, { encoding: "utf8" })) as StoredValues[];
    const reader = await destination.read!();
    const all = { ...table.columns, ...systemColumns };
    const stored = await reader.query(`SELECT * FROM ${reader.table(table)}`, [], { columns: all });
    await reader.close();
    const byId = (list: readonly StoredValues[]) =>
      list.map((each) => ({ ...each, id: String(each.id) })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(printed)).toEqual(byId(stored));
  });
});
