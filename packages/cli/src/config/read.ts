/**
 * Reads a configuration file. Each message says file, line and column, and repeats no value: any may be a secret in the
 * wrong place.
 */
import { readFile, stat } from "node:fs/promises";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type * as z from "zod";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { readApart } from "../read-apart.ts";
import { deadline, pair } from "./report.ts";
import { type Config, configSchema } from "./schema.ts";

type Path = readonly PropertyKey[];

/** A file that was read, its references to the environment not put in yet. */
export interface ConfigFile {
  readonly path: string;
  readonly config: Config;
  /** Where a value stands, and what it is: `dagsync.yaml:4:10: sources.prod.url`. */
  where(path: Path): string;
}

/** @throws UsageError that names every mistake of the file */
export async function readConfig(path: string, signal?: AbortSignal): Promise<ConfigFile> {
  try {
    const isFile = (await stat(path)).isFile();
    const text = isFile ? await readFile(path, "utf8") : await readPipe(path, signal);
    return parseConfig(text, path);
  } catch (error) {
    signal?.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const advice = "Write one with dagsync init, name another with --config, or use --from and --to.";
    if (code === "ENOENT") throw new UsageError(`There is no file ${path}. ${advice}`);
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
export function parseConfig(text: string, path: string): ConfigFile {
  const lines = new LineCounter();
  // Its messages with the lines in question would print what stands there.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new UsageError(
      oneOrMany(
        path,
        document.errors.map(({ code, pos }) => `${at(pos[0])}: is not YAML (${wordsOf(code)})`),
      ),
    );
  }
  const position = (place: Path, ofKey?: string) => at(offsetOf(document, place, ofKey));
  let value: unknown;
  try {
    value = document.toJS();
  } catch {
    throw new UsageError(`${path}: a value that begins with * or & must be in quotes.`);
  }
  const parsed = configSchema.safeParse(value ?? {});
  if (!parsed.success) {
    const found = parsed.error.issues.flatMap((issue) => problems(issue, value));
    throw new UsageError(
      oneOrMany(
        path,
        found.map(({ place, key, message }) => `${position(place, key)}: ${nameOf(place)}${message}`),
      ),
    );
  }
  return { path, config: parsed.data, where: (place) => `${position(place)}: ${nameOf(place).trimEnd()}` };
}

interface Problem {
  readonly place: Path;
  /** The key in it that is meant. */
  readonly key?: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

function problems(issue: Issue, root: unknown): Problem[] {
  const { path: place } = issue;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const known = knownKeys(place);
      const advice = didYouMean(key, known) || ` Known here: ${known.join(", ")}.`;
      return { place, key, message: `has a key that is not known.${advice}` };
    });
  }
  if (issue.code === "invalid_union") {
    // Of the forms that a value may have, the one that it comes nearest to: wrong somewhere inside.
    const nearest = issue.errors.find((each) => each.every(({ path }) => path.length > 0)) ?? issue.errors[0] ?? [];
    return nearest.flatMap((each) => problems({ ...each, path: [...place, ...each.path] } as Issue, root));
  }
  const isMissing = issue.code === "invalid_type" || issue.code === "invalid_value";
  if (isMissing && place.length > 0 && valueAt(root, place) === undefined) {
    return [{ place: place.slice(0, -1), message: `lacks "${String(place.at(-1))}".` }];
  }
  return [{ place, message: `${issue.message}.` }];
}

/** The keys that may stand at a place. */
function knownKeys(place: Path): string[] {
  const { sources, pipelines } = configSchema.shape;
  if (place.length === 0) return Object.keys(configSchema.shape);
  const entries = { sources: sources.valueType, pipelines: pipelines.element, expect: deadline, pairs: pair };
  return Object.keys(entries[place[0] as keyof typeof entries].shape);
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
  return text === "" ? "the file " : `${text.slice(1)} `;
}

function wordsOf(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

function oneOrMany(path: string, found: readonly string[]): string {
  return found.length === 1 ? found[0]! : `${path} cannot be used:\n  ${found.join("\n  ")}`;
}
