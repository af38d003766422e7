import { createDagsterClient, type DagsterError } from "@org/dagster-client";
import { type EventAssets, eventAssetsQuery } from "@org/dagster-client/sync";
import { expect, test } from "vitest";
import { json, serve } from "./serve.ts";

const materialization = { runId: "r1", timestamp: "1795228498374" };

test("selects every path with its own alias, in one request, and keeps their order", async () => {
  const { url, received } = await serve((_, response) =>
    json(response, {
      data: {
        a1: { __typename: "Asset", assetMaterializations: [] },
        a0: { __typename: "Asset", assetMaterializations: [materialization] },
        a2: { __typename: "AssetNotFoundError", message: "gone" },
      },
    }),
  );
  const query = eventAssetsQuery([["raw", "orders"], ['ö"x/y'], ["gone"]]);
  const answer = await createDagsterClient({ url }).request(query.document, query.variables);
  expect(query.read(answer)).toEqual([materialization, undefined, undefined]);
  expect(received.length).toBe(1);
  expect(received[0]?.body.variables).toEqual({
    a0: { path: ["raw", "orders"] },
    a1: { path: ['ö"x/y'] },
    a2: { path: ["gone"] },
  });
});

test("an asset that failed, or is missing from the answer, is an error", () => {
  const query = eventAssetsQuery([["a"]]);
  for (const answer of [{}, { a0: { __typename: "PythonError", message: "busy" } }]) {
    expect(() => query.read(answer as unknown as EventAssets)).toThrow(/busy \(PythonError\)|nothing instead of Asset/);
  }
});

test("requesting no path is rejected: a query needs a field", () => {
  const refuse = () => eventAssetsQuery([]);
  expect(refuse).toThrow(expect.objectContaining({ code: "INVALID_OPTIONS" } satisfies Partial<DagsterError>));
});
