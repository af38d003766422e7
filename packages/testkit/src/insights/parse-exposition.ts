/** A strict parser of Prometheus' text format. Rejects anything that a scrape would. */
export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const name = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const label = `([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\[\\\\"n])*)"`;
const sample = new RegExp(`^(${name})(?:\\{(${label}(?:,${label})*)\\})? (\\S+)$`);

export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith("\n")) throw new Error("The last line has no newline.");
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let current = "";
  let help: string | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const [, word, about, rest] = new RegExp(`^# (HELP|TYPE) (${name}) (.*)$`).exec(line) ?? [];
    if (word === "HELP") {
      if (families.has(about!)) throw new Error(`Duplicate family: ${about}`);
      [current, help] = [about!, rest];
    } else if (word === "TYPE") {
      if (about !== current || !/^(gauge|counter)$/.test(rest!)) throw new Error(`No type: ${line}`);
      if (rest === "counter" && !about?.endsWith("_total")) throw new Error(`A counter must end in _total: ${about}`);
      if (rest === "gauge" && about?.endsWith("_total")) throw new Error(`A gauge must not end in _total: ${about}`);
      families.set(current, { type: rest!, help: help!, samples: [] });
    } else {
      const match = sample.exec(line);
      if (!match) throw new Error(`No sample: ${line}`);
      if (match[1] !== current || !families.has(current)) throw new Error(`Outside of its family: ${line}`);
      const pairs = [...(match[2] ?? "").matchAll(new RegExp(label, "g"))].map(([, key, value]) => [
        key!,
        value!.replace(/\\(.)/g, (_, mark: string) => (mark === "n" ? "\n" : mark)),
      ]);
      const key = JSON.stringify([current, ...pairs.toSorted()]);
      if (seen.has(key)) throw new Error(`Duplicate sample: ${line}`);
      seen.add(key);
      const value = match.at(-1) === "NaN" ? Number.NaN : Number(match.at(-1)?.replace("Inf", "Infinity"));
      if (Number.isNaN(value) && match.at(-1) !== "NaN") throw new Error(`Not a number: ${line}`);
      families.get(current)!.samples.push({ labels: Object.fromEntries(pairs), value });
    }
  }
  return families;
}
