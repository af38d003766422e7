/**
 * A GraphQL document with types for its result and variables: any document that codegen generated with `documentMode:
 * "string"`.
 */
export interface TypedDocument<Data, Variables> {
  toString(): string;
  /** Never set: it carries the two types. */
  readonly __apiType?: ((variables: Variables) => Data) | undefined;
}

/** A document: generated, or a plain string, whose result is `unknown`. */
export type AnyDocument = string | TypedDocument<unknown, never>;

/** The type of a document's result. */
export type DataOf<Document> = Document extends { readonly __apiType?: ((variables: never) => infer Data) | undefined }
  ? Data
  : unknown;

/** The type of a document's variables. */
export type VariablesOf<Document> = Document extends {
  readonly __apiType?: ((variables: infer Variables) => unknown) | undefined;
}
  ? unknown extends Variables
    ? Readonly<Record<string, unknown>>
    : Variables
  : Readonly<Record<string, unknown>>;

/** The class of generated documents: text, with the types of its result and its variables. */
export class TypedDocumentString<Data, Variables> extends String implements TypedDocument<Data, Variables> {
  declare readonly __apiType?: (variables: Variables) => Data;

  // Codegen passes the names of fragments, which are not used here.
  constructor(text: string, _meta?: unknown) {
    super(text);
  }
}
