import { readFileSync } from "node:fs";
import { createDagsterClient, schemaVersion } from "@org/dagster-client";
import {
  assetCheckExecutionsDocument,
  assetEventsByTimeDocument,
  definitionsDocument,
  eventAssetsQuery,
  instigatorTicksDocument,
  lackingFields,
  lackingRunFields,
  overviewDocument,
  repeatedQuery,
  runChangesDocument,
  runIdsPageDocument,
  runsPageDocument,
  type ServerVersionAnswer,
  serverVersionDocument,
  withoutFields,
} from "@org/dagster-client/sync";
import {
  buildSchema,
  executeSync,
  type GraphQLUnionType,
  getNamedType,
  isUnionType,
  Kind,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { expect, test } from "vitest";
import * as operations from "../src/generated/operations.ts";
import { tolerant } from "../src/methods/tolerant.ts";
import { wipeWholeAssets } from "../src/methods/wipe-whole-assets.ts";

const errorType = /(Error|Invalid|Failure|Conflict|NotFound|NotSupported)$/;

const schema = buildSchema(
  readFileSync(new URL(`../../../specs/dagster/${schemaVersion}.graphql`, import.meta.url), "utf8"),
);

const generated = Object.entries(operations).filter(([name]) => name.endsWith("Document")) as [string, string][];

function ticksOf(name: string) {
  return { selector: { name, repositoryName: "r", repositoryLocationName: "l" }, limit: 1 };
}

const documents: [string, string][] = [
  ...generated.map(([name, document]): [string, string] => [name.replace(/Document$/, ""), String(document)]),
  ["repeated", String(repeatedQuery(instigatorTicksDocument, [ticksOf("a"), ticksOf("b")]).document)],
  ["eventAssets", String(eventAssetsQuery([["a"], ["b", "c"]]).document)],
];

/** Those that changed with the versions: what stands in for them with older ones. */
const replaced: Record<string, string | undefined> = {
  WipeAssets: String(wipeWholeAssets),
  AssetEvents: String(assetEventsByTimeDocument),
  Overview: without(overviewDocument, "kinds|latestEventSortKey|versionKey"),
  AssetCheckExecutions: without(assetCheckExecutionsDocument, "partition"),
};

/** As `withoutFields` sends it. */
function without(document: object, fields: string): string {
  return String(document).replace(new RegExp(`^(?:${fields})\\n`, "gm"), "");
}

test.each(documents)("%s is valid for the real server's schema", (_, document) => {
  expect(validate(schema, parse(document))).toEqual([]);
});

test.each(["1.7.10", "1.10.21"])("the client knows and tolerates what %s lacks of these documents", async (version) => {
  const older = buildSchema(
    readFileSync(new URL(`../../../specs/dagster/${version}.graphql`, import.meta.url), "utf8"),
  );
  const { data } = executeSync({
    schema: older,
    document: parse(String(serverVersionDocument)),
    rootValue: { version },
  });
  const lacking = lackingRunFields(data?.run as ServerVersionAnswer["run"]);
  expect(lacking).toEqual(version === "1.7.10" ? ["creationTime"] : []);
  expect(lackingFields(data as unknown as ServerVersionAnswer)).toEqual(
    version === "1.7.10"
      ? ["kinds", "assetEventHistory", "latestEventSortKey", "versionKey", "partition"]
      : ["partition"],
  );
  // As a real server does: a document with something unknown in it is refused.
  const fetch = async (_input: unknown, init?: RequestInit) => {
    const errors = validate(older, parse((JSON.parse(String(init?.body)) as { query: string }).query));
    return Response.json(errors.length > 0 ? { errors } : { data: {} }, { status: errors.length > 0 ? 400 : 200 });
  };
  const plain = createDagsterClient({ url: "http://dagster", fetch });
  const unsupported: string[] = [];
  for (const [name, document] of documents) {
    const code = await tolerant(plain)
      .request(document)
      .then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
    if (code !== undefined) {
      unsupported.push(`${name} ${code}`);
      expect(validate(older, parse(replaced[name] ?? "{ nothing }"))).toEqual([]);
    }
  }
  const names =
    version === "1.7.10" ? ["AssetCheckExecutions", "AssetEvents", "Overview", "WipeAssets"] : ["AssetCheckExecutions"];
  expect(unsupported.sort()).toEqual(names.map((name) => `${name} SERVER_TOO_OLD`));
  const withoutRunFields = withoutFields(plain, lacking);
  for (const document of [definitionsDocument, runChangesDocument, runIdsPageDocument, runsPageDocument]) {
    expect(await withoutRunFields.request(String(document))).toEqual({});
  }
});

test.each(documents)("%s selects the type and the errors of every union", (name, document) => {
  const types = new TypeInfo(schema);
  const ast = parse(document);
  const fragmentTypes = new Map(
    ast.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one.typeCondition.name.value]] : [],
    ),
  );
  const fragments = new Map(
    ast.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one.selectionSet]] : [],
    ),
  );
  let unions = 0;
  visit(
    ast,
    visitWithTypeInfo(types, {
      Field(field) {
        if (!isUnionType(getNamedType(types.getType()))) return;
        unions += 1;
        const selected = field.selectionSet!.selections.flatMap((one) =>
          // A fragment on the union itself.
          one.kind === Kind.FRAGMENT_SPREAD &&
          fragmentTypes.get(one.name.value) === String(getNamedType(types.getType()))
            ? fragments.get(one.name.value)!.selections
            : [one],
        );
        const names = selected.map((one) =>
          one.kind === Kind.FIELD
            ? one.name.value
            : one.kind === Kind.INLINE_FRAGMENT
              ? `... on ${one.typeCondition?.name.value}`
              : `... on ${fragmentTypes.get(one.name.value)}`,
        );
        expect(names).toContain("__typename");
        const members = schema.getPossibleTypes(getNamedType(types.getType()) as GraphQLUnionType);
        for (const member of members.filter(({ name }) => errorType.test(name))) {
          const asked = [member, ...member.getInterfaces()].map(({ name }) => `... on ${name}`);
          expect(
            names.some((name) => asked.includes(name)),
            member.name,
          ).toBe(true);
        }
      },
    }),
  );
  // Of these only some ask for no union: otherwise nothing was looked at.
  const plain = [
    "ServerVersion",
    "Version",
    "Health",
    "ConcurrencyLimits",
    "AssetJobs",
    "AssetLineage",
    "CapturedLogs",
    "AssetCheckExecutions",
  ];
  expect(unions > 0, name).toBe(!(plain.includes(name) || /ConcurrencyLimit$/.test(name)));
});

test("a repeated query asks about each thing by an alias, and reads the answers in their order", () => {
  const { variables, read } = repeatedQuery(instigatorTicksDocument, [ticksOf("a"), ticksOf("b")]);
  expect(variables).toEqual({
    selector_0: ticksOf("a").selector,
    limit_0: 1,
    selector_1: ticksOf("b").selector,
    limit_1: 1,
  });
  expect(read({ item_1: "second", item_0: "first" } as never)).toEqual(["first", "second"]);
  expect(() => repeatedQuery(instigatorTicksDocument, [])).toThrow("there is nothing to ask about");
  expect(() => repeatedQuery(definitionsDocument as never, [{}])).toThrow("not a query for one item");
});

test("each document has one operation, so that none needs to be named, and a sync sends only queries", () => {
  const reads = [definitionsDocument, runChangesDocument, runIdsPageDocument, runsPageDocument, serverVersionDocument];
  for (const [, document] of documents) {
    const kinds = parse(document).definitions.flatMap((one) =>
      one.kind === Kind.OPERATION_DEFINITION ? [one.operation] : [],
    );
    expect(kinds).toHaveLength(1);
    if (reads.map(String).includes(document)) expect(kinds).toEqual(["query"]);
  }
});
