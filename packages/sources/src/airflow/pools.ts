import { shapes } from "@org/sync-engine/source";
import { sampleStream, wholeListStream } from "./list-streams.ts";
import { airflowList } from "./lists.ts";
import { poolRow, poolSampleRow, poolSamplesTable, poolsTable } from "./tables/pools.ts";

const list = airflowList({
  what: "pools",
  name: "pools",
  key: ["name"],
  fields: { name: shapes.id },
  page: (client, query, limits) =>
    client.GET("/api/v2/pools", { params: { query: { ...query, order_by: ["id"] } }, ...limits }),
  one: (client, { name }, signal) =>
    client.GET("/api/v2/pools/{pool_name}", { params: { path: { pool_name: name } }, signal }),
});

/** The pools as they are now. */
export const pools = wholeListStream({ name: "pools", table: poolsTable, revision: 1, list, row: poolRow });

/** How full they were at each sync. */
export const poolSamples = sampleStream({
  name: "pool_samples",
  table: poolSamplesTable,
  revision: 1,
  list,
  row: poolSampleRow,
});
