import { cut, isRecord } from "./text.ts";

const replacement = "[redacted]";

/** How much of an error's message and stack goes into a cause, in characters. */
const longestCause = 10_000;

/**
 * A shorter secret is redacted only where it stands alone: a password "air" must not redact part of every "Airflow".
 */
const shortest = 4;

/** Headers without credentials. */
const harmless = /^(accept|content-type$|user-agent$)/;

/**
 * Removes every known secret from a text, by value, whatever wrote the text: a server or a proxy may repeat one
 * anywhere.
 */
export type Redact = (text: string) => string;

/**
 * Creates such a function. @param secrets returns the current secrets; called for each text, because more may become
 * known
 */
export function createRedact(secrets: () => readonly string[]): Redact {
  const known = new Map<string, readonly string[]>();
  return (input) => {
    const spellings = secrets().flatMap((secret) => {
      const found = known.get(secret) ?? spellingsOf(secret);
      known.set(secret, found);
      return found;
    });
    // Longest first, so that a match never leaves half a secret behind.
    return spellings
      .sort((a, b) => b.length - a.length)
      .reduce((text, spelling) => text.replaceAll(patternOf(spelling), replacement), input);
  };
}

/** A text where it can be: a RegExp has a longest length, and its error would repeat the secret. */
function patternOf(spelling: string): string | RegExp {
  if (spelling.length >= shortest) return spelling;
  return new RegExp(`(?<![A-Za-z0-9])${spelling.replace(/\W/g, "\\$&")}(?![A-Za-z0-9])`, "g");
}

/** A copy of plain data with every string in it redacted, keys too. */
export function redactValue<T>(input: T, redact: Redact): T {
  const value = (input: unknown): unknown => {
    if (typeof input === "string") return redact(input);
    // A numeric password may come back as a number.
    if (typeof input === "number") return redact(String(input)) === String(input) ? input : replacement;
    if (Array.isArray(input)) return input.map(value);
    if (!isRecord(input)) return input;
    return Object.fromEntries(Object.entries(input).map(([key, child]) => [redact(key), value(child)]));
  };
  return value(input) as T;
}

/**
 * A body without secrets. JSON, which may spell a secret with unnecessary escapes, is serialized again.
 *
 * @param change transforms the JSON first
 */
export function redactBody(body: string, redact: Redact, change = (json: unknown) => json): string {
  let plain = body;
  try {
    plain = JSON.stringify(change(JSON.parse(body)));
  } catch {
    // Not JSON, or nested too deeply to serialize.
  }
  return redact(plain);
}

/**
 * A copy of an error with its name, code and chain of causes, but no other properties: some HTTP clients attach the
 * complete request to what they throw.
 */
export function redactError(error: unknown, redact: Redact, depth = 0): Error {
  const text = (input: string) => cut(redact(input), longestCause);
  if (!(error instanceof Error)) return new Error(text(String(error)));
  const { name, message, stack, cause, code } = error as Error & { readonly code?: unknown };
  const inner = cause !== undefined && depth < 5 ? { cause: redactError(cause, redact, depth + 1) } : {};
  const copy = new Error(text(message), inner);
  copy.name = text(name);
  if (stack) copy.stack = text(stack);
  return typeof code === "string" ? Object.assign(copy, { code: text(code) }) : copy;
}

/** A secret as it is, and as URLs, forms, JSON and base64 encode it. */
function spellingsOf(secret: string): string[] {
  if (secret === "") return [];
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  const percent = encodeURIComponent(secret.toWellFormed());
  const lowerCaseHex = [form, percent].map((text) => text.replace(/%../g, (code) => code.toLowerCase()));
  const json = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, json, form, percent, ...lowerCaseHex, ...base64Forms(secret)])];
}

/**
 * Everything in headers that may be secret, except in those without credentials: a whole value, what follows its scheme
 * (`Bearer x`), a password in that, even in base64 (`Basic x`), the values of its parts (`a=x; b=y`), and every long
 * word.
 */
export function secretsIn(headers: Headers): string[] {
  return [...headers].flatMap(([name, value]) => {
    if (harmless.test(name)) return [];
    const credentials = value.replace(/^\S+\s+/, "");
    const parts = [value, credentials, decodeBase64(credentials), ...value.split(/[;,]\s*/)];
    const set = parts.map((part) => part.replace(/^[^=]*=/, "")).filter((text) => text.length >= shortest);
    const words = value.split(/[\s;,=]+/).filter((word) => word.length >= 8);
    return [...parts, ...parts.map((part) => part.replace(/^[^:]*:/, "")), ...set, ...words];
  });
}

/** Empty if it is not text in base64. */
function decodeBase64(text: string): string {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "";
  }
}

/**
 * Base64 packs three bytes into four characters, so a secret inside a longer text (`user:secret`) has one of three
 * encodings, minus a character or two at the ends that it shares with its neighbors. For a short secret, only its own
 * encoding can be distinguished from ordinary text.
 */
function base64Forms(secret: string): string[] {
  const binary = Array.from(new TextEncoder().encode(secret), (byte) => String.fromCharCode(byte)).join("");
  const { length } = binary;
  const shifted = ["", "\0", "\0\0"].map((shift) =>
    btoa(shift + binary).slice(Math.ceil((shift.length * 4) / 3), Math.floor(((shift.length + length) * 4) / 3)),
  );
  const forms = length < 6 ? [btoa(binary).replace(/=+$/, "")] : shifted;
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}
