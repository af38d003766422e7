/** A small server that implements enough of S3's protocol for a session, and violates it on request. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A fault: a response in place of the right one, or a misbehaving server. */
export type Fault =
  | { readonly status: number; readonly code: string; readonly headers?: Readonly<Record<string, string>> }
  /** Executes the request, and hangs up instead of responding. */
  | "lost answer"
  | "ignores conditions"
  /** Deletes everything except keys with this suffix. For those, a successful response contains AccessDenied. */
  | { readonly refusesKeys: string }
  | undefined;

export interface FakeS3 {
  readonly endpoint: string;
  readonly objects: ReadonlyMap<string, Buffer>;
  /** The Content-Type of each object. */
  readonly types: ReadonlyMap<string, string>;
  /** Number of requests received. */
  requests: number;
  fault: (method: string, path: string) => Fault;
  stop(): Promise<void>;
}

export async function startFakeS3(): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const types = new Map<string, string>();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeS3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    types,
    requests: 0,
    fault: () => undefined,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    fake.requests += 1;
    const { method = "", headers } = request;
    const url = new URL(request.url ?? "/", fake.endpoint);
    const path = decodeURIComponent(url.pathname);
    const body = Buffer.concat(await request.toArray());
    const fault = fake.fault(method, path);
    const send = (status: number, text: string | Buffer = "", more: Readonly<Record<string, string>> = {}) => {
      if (fault === "lost answer") request.socket.destroy();
      else response.writeHead(status, { "content-type": "application/xml", ...more }).end(text);
    };
    const error = (status: number, code: string, more?: Readonly<Record<string, string>>) =>
      send(status, `<Error><Code>${code}</Code><Message>The server says ${code}.</Message></Error>`, more);
    if (typeof fault === "object" && "status" in fault) return error(fault.status, fault.code, fault.headers);
    if (method === "GET" && url.searchParams.has("list-type")) return send(200, listing(path, url.searchParams));
    if (method === "POST" && url.searchParams.has("delete")) {
      const refused = typeof fault === "object" ? fault.refusesKeys : undefined;
      return send(200, removal(path, body.toString(), refused));
    }
    const found = objects.get(path);
    if (method === "GET") return found ? send(200, found) : error(404, "NoSuchKey");
    if (method === "DELETE") objects.delete(path);
    if (method !== "PUT") return send(204);
    if (found && headers["if-none-match"] && fault !== "ignores conditions") return error(412, "PreconditionFailed");
    objects.set(path, body);
    types.set(path, String(headers["content-type"] ?? ""));
    return send(200, "", { etag: '"e"' });
  }

  function removal(bucket: string, request: string, refused: string | undefined): string {
    const keys = [...request.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = ""]) => key);
    const isRefused = (key: string) => refused !== undefined && key.endsWith(refused);
    for (const key of keys) if (!isRefused(key)) objects.delete(`${bucket.replace(/\/$/, "")}/${key}`);
    const errors = keys
      .filter(isRefused)
      .map((key) => `<Error><Key>${key}</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`);
    return `<DeleteResult>${errors.join("")}</DeleteResult>`;
  }

  function listing(bucket: string, query: URLSearchParams): string {
    const root = `${bucket.replace(/\/$/, "")}/`;
    const prefix = query.get("prefix") ?? "";
    const keys = [...objects.keys()]
      .filter((key) => key.startsWith(root + prefix))
      .map((key) => key.slice(root.length));
    const parts = query.has("delimiter")
      ? [...new Set(keys.map((key) => key.slice(prefix.length).split("/")[0]))].map(
          (name) => `<CommonPrefixes><Prefix>${prefix}${name}/</Prefix></CommonPrefixes>`,
        )
      : keys.map((key) => `<Contents><Key>${key}</Key></Contents>`);
    return `<ListBucketResult><IsTruncated>false</IsTruncated>${parts.join("")}</ListBucketResult>`;
  }

  return fake;
}
