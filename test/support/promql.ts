/** Extracts the names in a PromQL query, with Prometheus' own grammar. */
import { parser } from "@prometheus-io/lezer-promql";

export interface QueryNames {
  readonly metrics: readonly string[];
  /** Labels in matchers, with the values they are compared to: a text, or the alternatives of a pattern. */
  readonly conditions: readonly { readonly label: string; readonly values: readonly string[] }[];
  /** Labels that the query groups and joins by. */
  readonly labels: readonly string[];
}

/** @throws Error if the query is invalid */
export function namesIn(query: string): QueryNames {
  const metrics: string[] = [];
  const conditions: QueryNames["conditions"][number][] = [];
  const labels: string[] = [];
  parser.parse(query).iterate({
    enter({ type, from, to, node }) {
      const text = query.slice(from, to);
      if (type.isError) throw new Error(`Invalid query at ${from}: ${query}`);
      if (type.name === "Identifier") metrics.push(text);
      if (type.name === "UnquotedLabelMatcher") {
        const value = node.getChild("StringLiteral")!;
        const name = node.getChild("LabelName")!;
        const isPattern = /Regex/i.test(node.getChild("MatchOp")!.firstChild!.name);
        const literal = JSON.parse(query.slice(value.from, value.to)) as string;
        conditions.push({ label: query.slice(name.from, name.to), values: isPattern ? literal.split("|") : [literal] });
      }
      if (type.name === "LabelName" && node.parent?.name === "GroupingLabels") labels.push(text);
    },
  });
  return { metrics, conditions, labels };
}
