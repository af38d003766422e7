/**
 * A GraphQL document with types for its result and variables: any document that codegen generated with `documentMode:
 * "string"`, or a plain string, whose result is `unknown`.
 */
export interface TypedDocument<Data, Variables> {
  toString(): string;
  /** Never set: it carries the two types. */
  readonly __apiType?: ((variables: Variables) => Data) | undefined;
}

/** The class of generated documents: text, with the types of its result and its variables. */
export class TypedDocumentString<Data, Variables> extends String implements TypedDocument<Data, Variables> {
  declare readonly __apiType?: (variables: Variables) => Data;

  // Codegen passes the names of fragments, which are not used here.
  constructor(text: string, _meta?: unknown) {
    super(text);
  }
}
