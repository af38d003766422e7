import type { TypedDocument } from "./document.ts";
import { DagsterError } from "./errors.ts";

/** Created by `repeatedQuery`. */
export interface RepeatedQuery<Item> {
  readonly document: TypedDocument<Readonly<Record<string, Item>>, Readonly<Record<string, unknown>>>;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The items of a response, in the order in which they were asked for. */
  read(data: Readonly<Record<string, Item>>): readonly Item[];
}

/** A generated query (without indentation) whose only field is called `item`. */
const pattern = /^\s*query (\w+)\(([^)]*)\) \{\n(item: [\s\S]*?)\n\}(\nfragment [\s\S]*)?$/;

/**
 * Asks a query about many things in one request: its field `item` becomes an alias for each.
 *
 * ```ts
 * const query = repeatedQuery(instigatorTicksDocument, sensors.map((selector) => ({ selector, limit: 100 })));
 * const ticks = query.read(await client.request(query.document, query.variables));
 * ```
 *
 * @param document one of this package's documents with such a field
 * @param all the variables for each thing
 * @throws DagsterError `INVALID_OPTIONS`: nothing to ask about, or another document.
 */
export function repeatedQuery<Item, Variables extends object>(
  document: TypedDocument<{ readonly item: Item }, Variables>,
  all: readonly Variables[],
): RepeatedQuery<Item> {
  const [, name, declared = "", body = "", fragments = ""] = pattern.exec(String(document).trimEnd()) ?? [];
  if (name === undefined || all.length === 0) {
    const message = name === undefined ? "it is not a query for one item" : "there is nothing to ask about";
    throw new DagsterError({ code: "INVALID_OPTIONS", message: `Cannot repeat a query: ${message}.` });
  }
  const numbered = (text: string, index: number) => text.replace(/\$(\w+)/g, `$$$1_${index}`);
  const variables = all.map((_, index) => numbered(declared, index)).join(", ");
  const fields = all.map((_, index) => numbered(body, index).replace("item", `item_${index}`)).join("\n");
  return {
    document: `query ${name}(${variables}) {\n${fields}\n}${fragments}`,
    variables: Object.fromEntries(
      all.flatMap((each, index) => Object.entries(each).map(([key, value]) => [`${key}_${index}`, value])),
    ),
    read: (data) => all.map((_, index) => data[`item_${index}`]!),
  };
}
