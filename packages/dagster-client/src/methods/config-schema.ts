import type { ConfigTypeFragment } from "../generated/operations.ts";

/** A JSON Schema (draft 2020-12): what form libraries and editors take. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

const scalars: Readonly<Record<string, JsonSchema>> = {
  Bool: { type: "boolean" },
  Boolean: { type: "boolean" },
  Int: { type: "integer" },
  Float: { type: "number" },
  String: { type: "string" },
  StringSourceType: { type: "string" },
};

/**
 * The configuration that a job accepts, as a JSON Schema, from the types that Dagster describes it by.
 *
 * @param rootKey the key of the whole configuration's type
 */
export function configSchemaOf(rootKey: string, types: readonly ConfigTypeFragment[]): JsonSchema {
  const byKey = new Map(types.map((type) => [type.key, type]));
  const done = new Map<string, JsonSchema>();
  const schema = (key: string | undefined): JsonSchema => {
    const type = byKey.get(key ?? "");
    if (type === undefined) return {};
    const known = done.get(type.key) ?? described(schemaOf(type, schema), type.description);
    done.set(type.key, known);
    return known;
  };
  return schema(rootKey);
}

function schemaOf(type: ConfigTypeFragment, schema: (key: string | undefined) => JsonSchema): JsonSchema {
  switch (type.__typename) {
    case "RegularConfigType":
      return scalars[type.givenName] ?? {};
    case "EnumConfigType":
      return { enum: type.values.map(({ value }) => value) };
    case "ArrayConfigType":
      return { type: "array", items: schema(type.typeParamKeys[0]) };
    case "NullableConfigType":
      return { anyOf: [schema(type.typeParamKeys[0]), { type: "null" }] };
    case "MapConfigType":
      return { type: "object", additionalProperties: schema(type.valueType.key) };
    case "ScalarUnionConfigType":
      return { anyOf: [schema(type.scalarTypeKey), schema(type.nonScalarTypeKey)] };
    case "CompositeConfigType":
      return objectSchema(type, schema);
    default:
      return {};
  }
}

function objectSchema(
  { key, isSelector, fields }: Extract<ConfigTypeFragment, { readonly __typename: "CompositeConfigType" }>,
  schema: (key: string | undefined) => JsonSchema,
): JsonSchema {
  const properties = Object.fromEntries(
    fields.map(({ name, description, configTypeKey, defaultValueAsJson }) => {
      const value = parsed(defaultValueAsJson);
      const own = described(schema(configTypeKey), description);
      return [name, value === undefined ? own : { ...own, default: value }];
    }),
  );
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return {
    type: "object",
    properties,
    additionalProperties: key.startsWith("Permissive"),
    // Of a selector's fields, exactly one is given.
    ...(isSelector ? { minProperties: 1, maxProperties: 1 } : required.length > 0 && { required }),
  };
}

const described = (schema: JsonSchema, description: string | null): JsonSchema =>
  description ? { ...schema, description } : schema;

function parsed(json: string | null): unknown {
  try {
    return json === null ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
