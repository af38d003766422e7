/** Takes every credential out of a text. */
export type Redact = (text: string) => string;

/** How much of an error's message and stack goes into a cause, in characters. */
const longestCause = 10_000;

// A shorter value cannot be told from ordinary text: "on" would take half of every message with it.
const shortest = 4;

/**
 * Makes a function that replaces the values of these headers by `[redacted]`: as they are, percent-encoded, in base64
 * and escaped as in JSON. By value and not by name, because a server or a proxy may repeat a credential anywhere.
 */
export function createRedact(headers: Headers): Redact {
  const found = new Set<string>();
  for (const value of headers.values()) {
    for (const secret of parts(value)) {
      if (secret.length < shortest) continue;
      for (const form of forms(secret)) found.add(form);
    }
  }
  // The longest first: a token that contains another one must not leave its rest behind.
  const ordered = [...found].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((result, secret) => result.replaceAll(secret, "[redacted]"), text);
}

/** A header's value, and what is a secret in it by itself: the token after its scheme, a password, a cookie's value. */
function parts(value: string): string[] {
  const credentials = value.replace(/^\S+\s+/, "");
  const pairs = [value, credentials, decodeBase64(credentials)].filter((text) => text !== undefined);
  const pieces = value.split(/[;,]\s*/).map((piece) => piece.replace(/^[^=]*=/, ""));
  return [...pairs, ...pairs.map((text) => text.slice(text.indexOf(":") + 1)), ...pieces];
}

function forms(secret: string): string[] {
  const percent = encodeURIComponent(secret.toWellFormed());
  const base64 = btoa(Array.from(new TextEncoder().encode(secret), (byte) => String.fromCharCode(byte)).join(""));
  return [
    secret,
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams([["", secret]]).toString().slice(1),
    base64.replace(/=+$/, ""),
    base64.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"),
    JSON.stringify(secret).slice(1, -1),
  ];
}

function decodeBase64(text: string): string | undefined {
  try {
    const decoded = atob(text);
    return /^[\x20-\x7e]+$/.test(decoded) ? decoded : undefined;
  } catch {
    // Not base64, so there is nothing more to hide in it.
    return undefined;
  }
}

/**
 * A copy of an error without credentials, to be kept as a cause: some HTTP clients put the whole request, headers
 * included, into what they throw.
 */
export function redactError(error: unknown, redact: Redact): Error {
  if (!(error instanceof Error)) return new Error(redact(String(error)));
  const copy = new Error(
    redact(error.message).slice(0, longestCause),
    error.cause === undefined ? {} : { cause: redactError(error.cause, redact) },
  );
  copy.name = redact(error.name);
  if (error.stack !== undefined) copy.stack = redact(error.stack).slice(0, longestCause);
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? Object.assign(copy, { code: redact(code) }) : copy;
}
