import { cut } from "./detail.ts";

const replacement = "[redacted]";

/** How much of an error's message and stack goes into a cause, in characters. */
const LONGEST_CAUSE = 10_000;

/** How many secrets of each kind a long-lived client remembers: renewed tokens and headers of single calls pass. */
const remembered = { lasting: Number.POSITIVE_INFINITY, token: 32, call: 32 };

const harmlessHeaders: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent"]);

/** Finds known secrets by value, whatever wrote them, and takes them out. */
export interface Redactor {
  /** Remembers a secret. Empty ones are ignored. @param kind How long it matters. */
  add(secret: string | undefined, kind: keyof typeof remembered): void;
  /** Remembers the values of headers that may hold credentials: all but those that never do. */
  addHeaders(headers: Headers, kind: keyof typeof remembered): void;
  /** Remembers the passwords in a body of JSON: a server may repeat them in what it says of it. */
  addPasswords(body: string): void;
  text(text: string): string;
  /** A copy of plain data with every string in it redacted, keys too. */
  value<T>(value: T): T;
  /** A copy of an error with its name, code and chain of causes, and none of its other properties. */
  cause(error: unknown): unknown;
}

/** A redactor for what one client knows. */
export function createRedactor(): Redactor {
  const patterns = {
    lasting: new Map<string, readonly Pattern[]>(),
    token: new Map<string, readonly Pattern[]>(),
    call: new Map<string, readonly Pattern[]>(),
  };

  const text = (input: string): string => {
    let output = input;
    for (const known of Object.values(patterns)) {
      for (const pattern of [...known.values()].flat()) output = output.replaceAll(pattern, replacement);
    }
    return output;
  };

  const value = (input: unknown): unknown => {
    if (typeof input === "string") return text(input);
    // A numeric password may come back as a number.
    if (typeof input === "number") return text(String(input)) === String(input) ? input : replacement;
    if (Array.isArray(input)) return input.map(value);
    if (input === null || typeof input !== "object" || input instanceof Error) return input;
    return Object.fromEntries(Object.entries(input).map(([key, child]) => [text(key), value(child)]));
  };

  const cause = (error: unknown, depth = 0): unknown => {
    if (!(error instanceof Error)) return typeof error === "string" ? text(error) : undefined;
    const inner = depth < 5 ? cause(error.cause, depth + 1) : undefined;
    const copy = new Error(cut(text(error.message), LONGEST_CAUSE), inner === undefined ? undefined : { cause: inner });
    copy.name = text(error.name);
    if (error.stack) copy.stack = cut(text(error.stack), LONGEST_CAUSE);
    const { code } = error as { code?: unknown };
    return typeof code === "string" ? Object.assign(copy, { code: text(code) }) : copy;
  };

  const add: Redactor["add"] = (secret, kind) => {
    if (!secret) return;
    const known = patterns[kind];
    const pattern = known.get(secret) ?? patternsOf(secret);
    known.delete(secret);
    known.set(secret, pattern);
    const [oldest] = known.keys();
    if (known.size > remembered[kind] && oldest !== undefined) known.delete(oldest);
  };

  return {
    add,
    addHeaders(headers, kind) {
      for (const [name, value] of headers) {
        if (!harmlessHeaders.has(name)) for (const secret of secretsIn(value)) add(secret, kind);
      }
    },
    addPasswords(body) {
      if (!body.includes('"password"')) return;
      JSON.parse(body, (key, child: unknown) => {
        if (key === "password" && typeof child === "string") add(child, "call");
        return child;
      });
    },
    text,
    value: value as Redactor["value"],
    cause,
  };
}

type Pattern = string | RegExp;

/**
 * A secret as it is, and as URLs, JSON and base64 write it. Texts where they can be: a RegExp has a longest length, and its
 * error would repeat the secret.
 */
function patternsOf(secret: string): readonly Pattern[] {
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  const percent = encodeURIComponent(secret.toWellFormed());
  const plain = [secret, JSON.stringify(secret).slice(1, -1), form, percent];
  const lowerCaseHex = [form, percent].map((text) => text.replace(/%../g, (code) => code.toLowerCase()));
  // The longest first, so that what is left of a match is not half a secret.
  const forms = [...new Set([...plain, ...lowerCaseHex, ...base64Forms(secret)])].sort((a, b) => b.length - a.length);
  if (secret.length >= 6) return forms;
  // A short secret is taken out only where it stands alone: a password "air" must not blacken every "Airflow".
  return forms.map((form) => new RegExp(`(?<![A-Za-z0-9])${escapePattern(form)}(?![A-Za-z0-9])`, "g"));
}

/** A header's value and what it is made of: `Bearer x`, `a=x; b=y`, `Basic` with a password inside. */
function secretsIn(value: string): string[] {
  const parts = value.split(/[\s;,=]+/).filter((part) => part.length >= 8);
  const basic = /^basic\s+(\S+)$/i.exec(value)?.[1];
  return [...parts, value, ...(basic ? [basicPassword(basic)] : [])].filter((secret) => secret !== undefined);
}

function basicPassword(encoded: string): string | undefined {
  try {
    return new TextDecoder()
      .decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)))
      .split(/:(.*)/s)[1];
  } catch {
    return undefined;
  }
}

/**
 * Base64 packs three bytes into four characters, so that a secret inside a longer text (`user:secret`) is written in
 * one of three ways, each less a character or two at the ends that it shares with its neighbours.
 */
function base64Forms(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  if (bytes.length < 6) return [];
  const forms = [0, 1, 2].map((shift) => {
    const binary = "\0".repeat(shift) + Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return btoa(binary).slice(Math.ceil((shift * 8) / 6), Math.floor((binary.length * 8) / 6));
  });
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
