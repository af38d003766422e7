/** What may stand where, by a schema. */
import * as z from "zod";

/** The keys that an object at a place may have; undefined where it may have any, or where there is no object. */
export function keysAt(schema: z.ZodType, place: readonly PropertyKey[]): readonly string[] | undefined {
  const found = place.reduce<z.core.$ZodType | undefined>((each, key) => each && below(each, key), schema);
  const object = found && objectIn(found);
  // What takes every key has none that it does not know.
  if (!object || object._zod.def.catchall instanceof z.ZodUnknown) return undefined;
  return Object.keys(object.shape);
}

function below(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) return inner.shape[key as string];
  if (inner instanceof z.ZodArray) return inner.element;
  return inner instanceof z.ZodRecord ? inner.valueType : undefined;
}

function objectIn(schema: z.core.$ZodType): z.ZodObject | undefined {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodObject ? inner : undefined;
}

/** Without what only says that it may be missing, or how it is prepared. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  return schema;
}
