import { furtherLists } from "./further.ts";
import type { FurtherRow } from "./further-list.ts";
import { listPage, readOrder } from "./listing.ts";
import { readNumber } from "./parameters.ts";
import { detail, invalid } from "./problems.ts";
import type { Route } from "./route.ts";

const listRoutes: readonly Route[] = furtherLists.map(
  ([name, { template, orders, understands = [], requires = [], filter }]) => ({
    method: "GET",
    template,
    understands: ["limit", "offset", "order_by", ...understands],
    handle({ world, request: { query }, maximum }) {
      const missing = requires.find((field) => !query.has(field));
      if (missing !== undefined) throw invalid(["query", missing], "missing", "Field required", null);
      const all = world.further[name];
      const id = (row: FurtherRow) => all.indexOf(row);
      const fields = orders.map((order) => [order, (row: FurtherRow) => row[order] as string | number | null]);
      const asked = query.getAll("order_by");
      const order = readOrder(asked.length > 0 ? asked : ["id"], { ...Object.fromEntries(fields), id });
      const limit = Math.min(maximum.get, readNumber(query.get("limit") ?? 50, ["query", "limit"]));
      const offset = readNumber(query.get("offset") ?? 0, ["query", "offset"]);
      const isListed = (row: FurtherRow) => filter?.(row, query) ?? true;
      const page = listPage(all, { filter: isListed, order, byId: id, limit, offset });
      return { [name]: page.rows, total_entries: page.total };
    },
  }),
);

/** What the specification calls the field by which one row is addressed, if it is not that. */
const parameters: { readonly [field: string]: string } = { name: "pool_name", key: "variable_key" };

const rowRoutes: readonly Route[] = furtherLists.flatMap(([name, { template, one }]): Route[] => {
  if (one === undefined) return [];
  const parameter = parameters[one] ?? one;
  return [
    {
      method: "GET",
      template: `${template}/{${parameter}}`,
      handle({ world, path }) {
        const found = world.further[name].find((row) => String(row[one]) === path[parameter]);
        if (!found) throw detail(404, `The ${one} \`${path[parameter]}\` was not found`);
        return found;
      },
    },
  ];
});

export const furtherRoutes: readonly Route[] = [...listRoutes, ...rowRoutes];
