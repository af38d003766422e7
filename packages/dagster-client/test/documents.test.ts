import { readFileSync } from "node:fs";
import {
  createDagsterClient,
  type DagsterServerVersion,
  definitionsDocument,
  eventAssetsQuery,
  lackingRunFields,
  runChangesDocument,
  runIdsPageDocument,
  runsPageDocument,
  schemaVersion,
  serverVersionDocument,
  withoutFields,
} from "@org/dagster-client";
import {
  buildSchema,
  executeSync,
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

const schema = buildSchema(
  readFileSync(new URL(`../../../specs/dagster/${schemaVersion}.graphql`, import.meta.url), "utf8"),
);

const documents = {
  definitions: definitionsDocument,
  runChanges: runChangesDocument,
  runIdsPage: runIdsPageDocument,
  runsPage: runsPageDocument,
  serverVersion: serverVersionDocument,
  eventAssets: eventAssetsQuery([["a"], ["b", "c"]]).document,
};

test.each(Object.entries(documents))("%s is valid for the schema of the real server", (_, document) => {
  expect(validate(schema, parse(String(document)))).toEqual([]);
});

test.each(["1.7.10", "1.10.21"])(
  "without the fields that %s lacks, every document is valid for it",
  async (version) => {
    const older = buildSchema(
      readFileSync(new URL(`../../../specs/dagster/${version}.graphql`, import.meta.url), "utf8"),
    );
    const { data } = executeSync({
      schema: older,
      document: parse(String(serverVersionDocument)),
      rootValue: { version },
    });
    const lacking = lackingRunFields(data?.run as DagsterServerVersion["run"]);
    expect(lacking).toEqual(version === "1.7.10" ? ["creationTime"] : []);
    const sent: string[] = [];
    const fetch = async (_input: unknown, init?: RequestInit) => {
      sent.push((JSON.parse(String(init?.body)) as { query: string }).query);
      return Response.json({ data: {} });
    };
    const client = withoutFields(createDagsterClient({ url: "http://dagster", fetch }), lacking);
    for (const document of Object.values(documents)) await client.request(String(document));
    expect(sent).toHaveLength(Object.keys(documents).length);
    expect(sent.flatMap((query) => validate(older, parse(query)))).toEqual([]);
  },
);

test.each(Object.entries(documents))("%s asks for the type and the error of every union", (_, document) => {
  const types = new TypeInfo(schema);
  const ast = parse(String(document));
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
          one.kind === Kind.FRAGMENT_SPREAD ? fragments.get(one.name.value)!.selections : [one],
        );
        const names = selected.map((one) =>
          one.kind === Kind.FIELD
            ? one.name.value
            : one.kind === Kind.INLINE_FRAGMENT
              ? `... on ${one.typeCondition?.name.value}`
              : "",
        );
        expect(names).toEqual(expect.arrayContaining(["__typename", "... on Error"]));
      },
    }),
  );
  // Of these documents only one asks for no union: otherwise nothing was looked at.
  expect(unions > 0).toBe(document !== serverVersionDocument);
});

test("each document has one operation, so that none needs to be named, and none of them changes anything", () => {
  for (const document of Object.values(documents)) {
    const operations = parse(String(document)).definitions.flatMap((one) =>
      one.kind === Kind.OPERATION_DEFINITION ? [one.operation] : [],
    );
    expect(operations).toEqual(["query"]);
  }
});
