/**
 * Reads YAML files that have a schema. Each message says file, line and column, and repeats no value: any may be a secret
 * in the wrong place.
 */
import { readFile, stat } from "node:fs/promises";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type * as z from "zod";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { readApart } from "../read-apart.ts";
import { keysAt } from "./schema-keys.ts";

export type Path = readonly PropertyKey[];

/** A file that was read. */
export interface YamlFile<T> {
  readonly path: string;
  readonly value: T;
  /** What stands there, before the schema gave it its form. */
  readonly raw: unknown;
  /** Keys that the schema does not know and leaves out, as messages with their places. */
  readonly unknownKeys: readonly string[];
  /** Where a value stands, and what it is: `dagsync.yaml:4:10: sources.prod.url`. */
  where(path: Path): string;
}

/** What a file may say. */
export interface YamlRules<T> {
  /** Chosen by what the file says, where it may have several forms. */
  schemaOf(value: unknown): z.ZodType<T>;
  /** @default "1.2" */
  readonly version?: "1.1" | "1.2";
  /** What to do where there is no such file, as a sentence. */
  readonly ifMissing: string;
}

/** @throws UsageError that names every mistake of the file */
export async function readYaml<T>(path: string, rules: YamlRules<T>, signal?: AbortSignal): Promise<YamlFile<T>> {
  try {
    const isFile = (await stat(path)).isFile();
    const text = isFile ? await readFile(path, "utf8") : await readPipe(path, signal);
    return parseYaml(text, path, rules);
  } catch (error) {
    signal?.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code === "ENOENT") throw new UsageError(`There is no file ${path}. ${rules.ifMissing}`);
    throw new UsageError(`The file ${path} cannot be read (${code}).`);
  }
}

/** What bash's <(…) or /dev/stdin give. */
async function readPipe(path: string, signal: AbortSignal | undefined): Promise<string> {
  const read = await readApart(path, { timeoutMs: 30_000, maxBytes: 100_000_000, signal });
  if (read.how === "done") return read.stdout;
  throw Object.assign(new Error(), { code: read.how === "failed" ? read.code : `it is ${read.how}` });
}

/** @throws UsageError that names every mistake of the text */
export function parseYaml<T>(
  text: string,
  path: string,
  { schemaOf, version = "1.2" }: Pick<YamlRules<T>, "schemaOf" | "version">,
): YamlFile<T> {
  const lines = new LineCounter();
  // Its messages with the lines in question would print what stands there.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error", version });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const found = document.errors.map(({ code, pos }) => ({ line: lines.linePos(pos[0]).line, code, at: at(pos[0]) }));
    // What follows the first mistake of a line follows from it.
    const first = found.filter(({ line }, index) => found.findIndex((each) => each.line === line) === index);
    throw new UsageError(
      oneOrMany(
        path,
        first.map(({ code, at }) => `${at}: ${code === "BAD_ALIAS" ? unquoted : `is not YAML (${wordsOf(code)})`}`),
      ),
    );
  }
  const position = (place: Path, ofKey?: string) => at(offsetOf(document, place, ofKey));
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch {
    throw new UsageError(`${path}: ${unquoted}`);
  }
  const schema = schemaOf(value);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const wrong = parsed.error.issues.flatMap((issue) => problems(issue, value, schema));
    // What is missing may stand there under a misspelled name.
    const isNamed = ({ place, key }: Problem) =>
      wrong.some((each) => each.key === key && nameOf(each.place) === nameOf(place));
    const found = [...wrong, ...unknownIn(value, [], schema).filter((each) => !isNamed(each))];
    throw new UsageError(
      oneOrMany(
        path,
        found.map(({ place, key, message }) => `${position(place, key)}: ${nameOf(place)}${message}`),
      ),
    );
  }
  const unknownKeys = unknownIn(value, [], schema).map(
    ({ place, key, message }) => `${position(place, key)}: ${nameOf(place)}${message}`,
  );
  const where = (place: Path) => `${position(place)}: ${nameOf(place).trimEnd()}`;
  return { path, value: parsed.data, raw: value, unknownKeys, where };
}

const unquoted = "a value that begins with * or & must be in quotes.";

interface Problem {
  readonly place: Path;
  /** The key in it that is meant. */
  readonly key?: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

function problems(issue: Issue, root: unknown, schema: z.ZodType): Problem[] {
  const { path: place } = issue;
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(place, key, schema));
  if (issue.code === "invalid_union") {
    // Of the forms that a value may have, the one that it comes nearest to: wrong somewhere inside.
    const nearest = issue.errors.find((each) => each.every(({ path }) => path.length > 0)) ?? issue.errors[0] ?? [];
    return nearest.flatMap((each) => problems({ ...each, path: [...place, ...each.path] } as Issue, root, schema));
  }
  const isMissing = issue.code === "invalid_type" || issue.code === "invalid_value";
  if (isMissing && place.length > 0 && valueAt(root, place) === undefined) {
    return [{ place: place.slice(0, -1), message: `lacks "${String(place.at(-1))}".` }];
  }
  return [{ place, message: `${issue.message}.` }];
}

function unknownKey(place: Path, key: string, schema: z.ZodType): Problem {
  const known = keysAt(schema, place) ?? [];
  const advice = didYouMean(key, known) || ` Known here: ${known.join(", ")}.`;
  return { place, key, message: `has a key that is not known.${advice}` };
}

/** Keys that a schema leaves out without a word. */
function unknownIn(value: unknown, place: Path, schema: z.ZodType): Problem[] {
  if (typeof value !== "object" || value === null) return [];
  const known = Array.isArray(value) ? undefined : keysAt(schema, place);
  return Object.entries(value).flatMap(([key, each]) => {
    if (known && !known.includes(key)) return [unknownKey(place, key, schema)];
    return unknownIn(each, [...place, Array.isArray(value) ? Number(key) : key], schema);
  });
}

function valueAt(root: unknown, place: Path): unknown {
  return place.reduce((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], root);
}

/** Where a value begins; that of the nearest thing around it, where it is not there. */
function offsetOf(document: Document, place: Path, key?: string): number {
  const node = document.getIn(place, true);
  if (key !== undefined && isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
    if (isNode(pair?.key)) return pair.key.range?.[0] ?? 0;
  }
  if (isNode(node) && node.range) return node.range[0];
  return place.length > 0 ? offsetOf(document, place.slice(0, -1)) : 0;
}

/** A place in words: `pipelines[0].from `. */
function nameOf(place: Path): string {
  const text = place.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text === "" ? "the file " : `${text.replace(/^\./, "")} `;
}

function wordsOf(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

function oneOrMany(path: string, found: readonly string[]): string {
  return found.length === 1 ? found[0]! : `${path} cannot be used:\n  ${found.join("\n  ")}`;
}
