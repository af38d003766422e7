/**
 * Tells a Dagster that started this process what it did, by Dagster's Pipes protocol, version 0.1: two variables of the
 * environment say what the step is and where messages go, one JSON a line.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";

const CONTEXT = "DAGSTER_PIPES_CONTEXT";
const MESSAGES = "DAGSTER_PIPES_MESSAGES";

/** What Dagster shows beside a materialization or a check. */
export type Metadata = Readonly<Record<string, MetadataValue>>;

interface MetadataValue {
  readonly type: "int" | "text" | "timestamp";
  /** A timestamp in seconds since 1970. */
  readonly raw_value: number | string;
}

/** An asset check's result. */
export interface CheckResult {
  readonly check: string;
  readonly passed: boolean;
  readonly metadata: Metadata;
}

type Json = Readonly<Record<string, unknown>>;

/** An open session. An asset's key is its path. */
export class Pipes {
  readonly #write: (line: string) => void;
  /** Undefined where the step has no assets of its own, and reports about any. */
  readonly #keys: ReadonlySet<string> | undefined;

  constructor(write: (line: string) => void, keys: readonly string[] | undefined) {
    this.#write = write;
    this.#keys = keys?.length ? new Set(keys) : undefined;
    this.#send("opened", { extras: {} });
  }

  materialized(key: readonly string[], metadata: Metadata): void {
    this.#sendAbout(key, "report_asset_materialization", { data_version: null, metadata });
  }

  checked(key: readonly string[], { check, passed, metadata }: CheckResult): void {
    this.#sendAbout(key, "report_asset_check", { check_name: check, passed, severity: "ERROR", metadata });
  }

  /** @param failure why the command failed. @default it did not, or said so itself */
  close(failure?: { readonly name: string | null; readonly message: string }): void {
    const exception = failure && { ...failure, stack: [], cause: null, context: null };
    this.#send("closed", exception ? { exception } : {});
  }

  /** Dagster fails a step that reports about assets that are not its own, or were not selected. */
  #sendAbout(key: readonly string[], method: string, params: Json): void {
    const text = key.map((part) => part.replace(/[\\/]/g, "\\$&")).join("/");
    if (this.#keys?.has(text) ?? true) this.#send(method, { asset_key: text, ...params });
  }

  #send(method: string, params: Json): void {
    this.#write(`${JSON.stringify({ __dagster_pipes_version: "0.1", method, params })}\n`);
  }
}

/**
 * Opens the session that the environment names.
 *
 * @returns undefined where no Dagster started this process
 * @throws UsageError for variables that cannot be read, or a file of theirs
 */
export function openPipes({ env, stdout, stderr }: Pick<Io, "env" | "stdout" | "stderr">): Pipes | undefined {
  const [given, target] = [env[CONTEXT], env[MESSAGES]];
  if (!given && !target) return undefined;
  const context = contextOf(decoded(CONTEXT, given));
  const keys = context.asset_keys ?? undefined;
  if (keys !== undefined && !isTexts(keys)) throw malformed(CONTEXT, "its asset_keys are not a list of texts");
  return new Pipes(writerOf(decoded(MESSAGES, target), { stdout, stderr }), keys);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** What the step is: in a file, or in the variable itself. */
function contextOf({ path, data }: Json): Json {
  if (typeof path === "string") return objectOf(CONTEXT, () => readFileSync(path, "utf8"));
  if (typeof data === "object" && data !== null) return data as Json;
  throw malformed(CONTEXT, "it has neither path nor data");
}

function writerOf({ path, stdio, buffered_stdio: buffered }: Json, { stdout, stderr }: Pick<Io, "stdout" | "stderr">) {
  if (typeof path === "string") {
    return (line: string) => {
      try {
        appendFileSync(path, line);
      } catch (error) {
        throw malformed(MESSAGES, `its file cannot be written (${(error as NodeJS.ErrnoException).code})`);
      }
    };
  }
  const stream = stdio ?? buffered;
  if (stream === "stdout") return (line: string) => void stdout.write(line);
  if (stream === "stderr") return (line: string) => void stderr.write(line);
  throw malformed(MESSAGES, "it names neither a file nor stdout or stderr");
}

function decoded(name: string, value: string | undefined): Json {
  if (!value) throw malformed(name, "it is not set, but the other one is");
  return objectOf(name, () => inflateSync(Buffer.from(value, "base64")).toString());
}

function objectOf(name: string, read: () => string): Json {
  try {
    const value: unknown = JSON.parse(read());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== undefined) throw malformed(name, `its file cannot be read (${code})`);
  }
  throw malformed(name, "it is not what Dagster puts there");
}

function malformed(name: string, reason: string): UsageError {
  return new UsageError(
    `The variable ${name} cannot be used: ${reason}. Dagster sets ${CONTEXT} and ${MESSAGES} for what it starts; elsewhere, unset both.`,
  );
}
