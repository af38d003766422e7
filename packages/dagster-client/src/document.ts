/**
 * A GraphQL document that knows what it answers and which variables it takes: any document that codegen wrote with
 * `documentMode: "string"`, or a plain string, whose answer is then `unknown`.
 */
export interface TypedDocument<Data, Variables> {
  toString(): string;
  /** Never set: it carries the two types. */
  readonly __apiType?: ((variables: Variables) => Data) | undefined;
}

/** What the generated documents are: text, with the types of its answer and of its variables. */
export class TypedDocumentString<Data, Variables> extends String implements TypedDocument<Data, Variables> {
  declare readonly __apiType?: (variables: Variables) => Data;

  // Codegen passes the names of fragments, which nothing here asks for.
  constructor(text: string, _meta?: unknown) {
    super(text);
  }
}
