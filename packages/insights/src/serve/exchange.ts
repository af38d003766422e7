/** The parts of `node:http`'s requests and responses that are used, so that the declarations need no Node types. */

export interface HandledRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly host?: string | undefined; readonly "if-none-match"?: string | undefined };
  resume(): unknown;
}

export interface HandledResponse {
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  end(body?: Uint8Array): unknown;
  destroy(): unknown;
}

/** A listener for the `request` event of a `node:http` server. */
export type Handler = (request: HandledRequest, response: HandledResponse) => void;
