import { Document } from "yaml";
import { schemaUrl } from "../config/schema.ts";
import type { Wanted, Way } from "./parse.ts";

/**
 * Writes a configuration. It contains no secret: credentials are references to environment variables, named after their
 * source.
 */
export function configText(wanted: readonly Wanted[], to: string): string {
  const named = wanted.map((each, index) => {
    const before = wanted.slice(0, index).filter(({ kind }) => kind === each.kind).length;
    const isOne = wanted.filter(({ kind }) => kind === each.kind).length === 1;
    return { ...each, isOne, name: before === 0 ? each.kind : `${each.kind}${before + 1}` };
  });
  const sources = named.map(({ name, kind, url, way }) => [name, { kind, url, ...credentials(name, way) }]);
  const document = new Document({
    sources: Object.fromEntries(sources),
    destinations: { main: to },
    // Several sources of one kind need distinct table names.
    pipelines: named.map(({ name, isOne }) => ({
      name,
      from: name,
      to: "main",
      ...(!isOne && { prefix: `${name}_` }),
    })),
  });
  document.commentBefore = ` yaml-language-server: $schema=${schemaUrl}`;
  return document.toString({ lineWidth: 0 });
}

/** The variables that a text refers to. */
export function variablesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name as string))];
}

function credentials(name: string, way: Way): Record<string, string> {
  const variable = (what: string) => `\${${name.toUpperCase()}_${what}}`;
  switch (way) {
    case "password":
      return { username: variable("USERNAME"), password: variable("PASSWORD") };
    case "token":
      return { token: variable("TOKEN") };
    case "command":
      return { tokenCommand: variable("TOKEN_COMMAND") };
    case "none":
      return {};
  }
}
