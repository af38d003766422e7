/** What is used of a request and a response of `node:http`, so that the declarations need none of Node's. */

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

/** A listener for the `request` event of a server of `node:http`. */
export type Handler = (request: HandledRequest, response: HandledResponse) => void;
