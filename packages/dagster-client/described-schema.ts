/** The schema of a real server with our own descriptions: servers' own differ by version, and most of them have none. */
import { readFile } from "node:fs/promises";
import {
  buildSchema,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  printSchema,
} from "graphql";

type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const descriptions = new URL("descriptions.json", import.meta.url);

/**
 * @param file the SDL without descriptions
 * @throws Error for the description of something that the schema does not have
 */
export async function describedSchema(file: string | URL): Promise<GraphQLSchema> {
  const schema = buildSchema(await readFile(file, "utf8"));
  const texts = JSON.parse(await readFile(descriptions, "utf8")) as Descriptions;
  for (const [type, parts] of Object.entries(texts)) {
    for (const [part, text] of Object.entries(parts)) partOf(schema, type, part).description = text;
  }
  return schema;
}

/** Its text, as `printSchema` writes it. */
export async function describedSdl(file: string | URL): Promise<string> {
  return `${printSchema(await describedSchema(file))}\n`;
}

/** @param part empty for the type itself; `field`, `field(argument:)` or a value of an enum */
function partOf(schema: GraphQLSchema, typeName: string, part: string): { description?: string | null | undefined } {
  const type = schema.getType(typeName);
  if (part === "" && type) return type;
  const [, name = "", argument] = /^(\w+)(?:\((\w+):\))?$/.exec(part) ?? [];
  const found = isEnumType(type)
    ? type.getValue(name)
    : isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
      ? type.getFields()[name]
      : undefined;
  const parameter = found && "args" in found ? found.args.find((each) => each.name === argument) : undefined;
  const target = argument === undefined ? found : parameter;
  if (!target) throw new Error(`descriptions.json describes ${typeName}.${part}, which the schema does not have`);
  return target;
}
