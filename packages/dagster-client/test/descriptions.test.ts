/** What editors show: of the schema by our own descriptions, of the methods by their docstrings. */
import { readdirSync, readFileSync } from "node:fs";
import {
  concatAST,
  type GraphQLNamedType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import ts from "typescript";
import { expect, test } from "vitest";
import { describedSchema } from "../described-schema.ts";

const at = (path: string) => new URL(path, import.meta.url);
const schema = await describedSchema(at("../../../specs/dagster/1.13.27.graphql"));
const texts: Record<string, object> = JSON.parse(readFileSync(at("../descriptions.json"), "utf8"));
const folder = at("../src/operations/");
const documents = concatAST(readdirSync(folder).map((name) => parse(readFileSync(new URL(name, folder), "utf8"))));

/** What our documents use, with its description. */
function used(): Map<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<GraphQLNamedType>();
  const add = (name: string, { description }: { description?: string | null | undefined }) =>
    found.set(name, description ?? "");
  const addInput = (type: GraphQLNamedType | undefined) => {
    if (!type || seen.has(type)) return;
    seen.add(type);
    if (isEnumType(type)) for (const value of type.getValues()) add(`${type.name}.${value.name}`, value);
    if (!isInputObjectType(type)) return;
    for (const field of Object.values(type.getFields())) {
      add(`${type.name}.${field.name}`, field);
      addInput(getNamedType(field.type));
    }
  };
  const info = new TypeInfo(schema);
  visit(
    documents,
    visitWithTypeInfo(info, {
      Field(node) {
        const [parent, field] = [info.getParentType(), info.getFieldDef()];
        if (!parent || !field || node.name.value.startsWith("__") || !(parent.name in texts)) return;
        add(`${parent.name}.${field.name}`, field);
        for (const argument of node.arguments ?? []) {
          const definition = field.args.find(({ name }) => name === argument.name.value);
          if (definition) add(`${parent.name}.${field.name}(${definition.name}:)`, definition);
        }
      },
      VariableDefinition() {
        addInput(getNamedType(info.getInputType()));
      },
    }),
  );
  return found;
}

test("every operation, parameter and input that our documents use is described, and every field of a described type", () => {
  const found = used();
  expect(found.size).toBeGreaterThan(250);
  expect([...found].filter(([, text]) => text === "").map(([name]) => name)).toEqual([]);
  for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    expect(isObjectType(root) && root.name in texts).toBe(true);
  }
});

test("a description is a sentence", () => {
  const sentences = Object.values(texts).flatMap((parts) => Object.values(parts));
  expect(sentences.filter((text) => !/^[A-Z0-9].*\.$/.test(text))).toEqual([]);
});

test("the schema for users' codegen and the generated inputs carry them", () => {
  const sdl = readFileSync(at("../schema.graphql"), "utf8");
  const generated = readFileSync(at("../src/generated/operations.ts"), "utf8");
  const text = "Created later than this, in seconds since 1970.";
  expect(sdl).toContain(`  """${text}"""\n  createdAfter: Float`);
  expect(generated).toContain(`  /** ${text} */\n  readonly createdAfter?`);
});

test("every method, every type and every option has a docstring", () => {
  const bare: string[] = [];
  const look = (node: ts.Node, name: string) => {
    if (ts.getJSDocCommentsAndTags(node).length === 0) bare.push(name);
  };
  const methods = at("../src/methods/");
  for (const name of readdirSync(methods)) {
    const text = readFileSync(new URL(name, methods), "utf8");
    for (const node of ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true).statements) {
      const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
      if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
      if (ts.isFunctionDeclaration(node) || ts.isTypeAliasDeclaration(node)) look(node, `${name}: ${node.name?.text}`);
      if (!ts.isInterfaceDeclaration(node)) continue;
      look(node, `${name}: ${node.name.text}`);
      if (!/(Options|Filters|Settings)$/.test(node.name.text)) continue;
      for (const member of node.members) look(member, `${node.name.text}.${member.name?.getText()}`);
    }
  }
  expect(bare).toEqual([]);
});
