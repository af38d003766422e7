import { DestinationError } from "../errors.ts";

/** The names that a database reserves, or would not store unchanged. */
export interface SchemaNames {
  /** For messages: `DuckDB`. */
  readonly product: string;
  /** Schemas that are the database's own. */
  readonly reserved: RegExp;
  /** The maximum length of a name, in bytes of UTF-8. Longer ones would be truncated. */
  readonly maxNameBytes?: number | undefined;
}

/**
 * Makes sure that a schema can be created and found again under its name.
 *
 * @throws DestinationError `NOT_A_DESTINATION`
 */
export function checkSchemaName(place: string, schema: string, names: SchemaNames): void {
  const { product, reserved, maxNameBytes = Number.POSITIVE_INFINITY } = names;
  const refuse = (reason: string) =>
    new DestinationError("NOT_A_DESTINATION", `${place}: ${reason} Choose another name for the schema.`);
  const shown = JSON.stringify(schema.length > 80 ? `${schema.slice(0, 80)}…` : schema);
  if (schema === "" || schema.includes("\0") || !schema.isWellFormed()) {
    throw refuse(`the schema ${shown} has a name that ${product} does not allow.`);
  }
  if (Buffer.byteLength(schema) > maxNameBytes) {
    throw refuse(
      `the schema ${shown} has a name of more than ${maxNameBytes} bytes, and ${product} would truncate it.`,
    );
  }
  if (reserved.test(schema)) throw refuse(`the schema ${shown} is ${product}'s own.`);
}
