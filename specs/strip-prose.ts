type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Keywords under which every key is a name given by the author of the interface, so none of them is prose. */
const nameMaps = new Set([
  "paths",
  "properties",
  "patternProperties",
  "schemas",
  "responses",
  "parameters",
  "requestBodies",
  "headers",
  "securitySchemes",
  "scopes",
  "mapping",
  "content",
  "$defs",
]);
/** Values that come from users of the interface or stand for themselves: left exactly as they are. */
const literals = new Set(["default", "const", "enum"]);
const prose = new Set(["description", "summary", "title", "example", "examples", "externalDocs"]);

/**
 * Takes an OpenAPI document down to what a machine reads, so that its history shows changes of the interface and not of
 * its wording: descriptions, summaries, examples and titles go, keys are sorted, the order of lists stays.
 *
 * The two texts that OpenAPI itself requires stay: `info.title`, and the description of a response, which becomes empty.
 */
export function stripProse(document: { [key: string]: Json }): string {
  const stripped = stripObject(document, false);
  const info = document.info as { title: string; version: string };
  stripped.info = { title: info.title, version: info.version };
  return `${JSON.stringify(stripped, null, 2)}\n`;
}

function strip(value: Json, keysAreNames: boolean): Json {
  if (Array.isArray(value)) return value.map((item) => strip(item, false));
  if (value === null || typeof value !== "object") return value;
  return stripObject(value, keysAreNames);
}

function stripObject(value: { [key: string]: Json }, keysAreNames: boolean): { [key: string]: Json } {
  const kept: { [key: string]: Json } = {};
  for (const key of Object.keys(value).sort()) {
    if (!keysAreNames && prose.has(key)) continue;
    const child = value[key]!;
    if (!keysAreNames && literals.has(key)) kept[key] = child;
    else kept[key] = strip(child, !keysAreNames && nameMaps.has(key));
    if (!keysAreNames && key === "responses") describeResponses(kept[key]);
  }
  return kept;
}

function describeResponses(responses: Json | undefined): void {
  for (const response of Object.values(responses as { [status: string]: Json })) {
    if (response !== null && typeof response === "object" && !("$ref" in response)) {
      (response as { [key: string]: Json }).description = "";
    }
  }
}
