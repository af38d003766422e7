import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { createDagsterClient, type DagsterClientOptions, type RunEvent, runs, subscribe } from "@org/dagster-client";
import { expect, onTestFinished, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { listen, rejection } from "./serve.ts";

type Send = (type: string, payload?: unknown) => void;

interface Script {
  /** What the server does with a subscription, told by the variables; without it there are no WebSockets. */
  readonly live?: (send: Send, socket: WebSocket, variables: { pageToken?: string }) => void;
  /** What it answers to the nth question for events, after these; the last one for ever. */
  readonly polls: readonly (readonly [status: string, ...messages: string[]] | number)[];
}

/** A Dagster that speaks about one run. */
async function dagsterOf({ live, polls }: Script, options: Partial<DagsterClientOptions> = {}) {
  const asked: (string | undefined)[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    if (request.method !== "POST") return void response.writeHead(404).end();
    let text = "";
    for await (const chunk of request) text += String(chunk);
    asked.push((JSON.parse(text) as { variables: { pageToken?: string } }).variables.pageToken);
    const answer = polls[Math.min(asked.length, polls.length) - 1]!;
    if (typeof answer === "number")
      return void response.writeHead(answer, { "content-type": "text/plain" }).end("busy");
    const [status, ...messages] = answer;
    const log = {
      __typename: "EventConnection",
      cursor: `polled ${asked.length}`,
      hasMore: false,
      events: messages.map(event),
    };
    const data = { run: { __typename: "Run", status }, log };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data }));
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.has("graphql-ws") && "graphql-ws",
  });
  onTestFinished(() => sockets.close());
  if (live) {
    server.on("upgrade", (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.on("message", (bytes) => {
          const { type, id, payload } = JSON.parse(String(bytes));
          if (type === "connection_init") opened.send(JSON.stringify({ type: "connection_ack" }));
          const send: Send = (type, payload) => opened.send(JSON.stringify({ type, id, payload }));
          if (type === "start") live(send, opened, payload.variables);
        });
      });
    });
  }
  const port = await listen(server);
  return { client: createDagsterClient({ url: `http://127.0.0.1:${port}`, ...options }), asked };
}

const event = (message: string) => ({
  __typename: /^end/.test(message) ? "RunSuccessEvent" : "LogMessageEvent",
  message,
});
const batch = (cursor: string, ...messages: string[]) => ({
  data: { log: { __typename: "PipelineRunLogsSubscriptionSuccess", cursor, messages: messages.map(event) } },
});

async function messagesOf(log: AsyncIterable<RunEvent>): Promise<string[]> {
  const messages: string[] = [];
  for await (const { message } of log) messages.push(message);
  return messages;
}

const quick = { intervalMs: 1 };

test("polls for events until the run has ended and nothing more followed, through retryable errors", async () => {
  const { client, asked } = await dagsterOf({
    polls: [["STARTED", "a", "b"], 503, ["STARTED"], ["SUCCESS", "c"], ["SUCCESS", "late"], ["SUCCESS"]],
  });
  expect(await messagesOf(runs.events(client, "r", quick))).toEqual(["a", "b", "c", "late"]);
  expect(asked).toEqual([undefined, "polled 1", "polled 1", "polled 3", "polled 4", "polled 5"]);
});

test("returns the existing events if it does not follow, and does not retry errors", async () => {
  const { client, asked } = await dagsterOf({ polls: [["STARTED", "a"], 503] });
  expect(await messagesOf(runs.events(client, "r", { follow: false, pageToken: "x" }))).toEqual(["a"]);
  expect(asked).toEqual(["x"]);
  await expect(messagesOf(runs.events(client, "r", { follow: false }))).rejects.toMatchObject({
    code: "SERVER_ERROR",
  });
});

test("receives events over WebSockets, and polls for what comes after the last one", async () => {
  const seen: unknown[] = [];
  const { client, asked } = await dagsterOf({
    live: (send, _socket, variables) => {
      seen.push(variables);
      send("data", batch("1", "a", "b"));
      send("ka");
      send("data", batch("2"));
      setTimeout(() => send("data", batch("3", "end")), 10);
    },
    polls: [["SUCCESS", "late"], ["SUCCESS"]],
  });
  expect(await messagesOf(runs.events(client, "r", { ...quick, pageToken: "0" }))).toEqual(["a", "b", "end", "late"]);
  expect(seen).toEqual([{ runId: "r", pageToken: "0" }]);
  expect(asked.at(0)).toBe("3");
});

test("a message longer than the limit ends a subscription, and polling takes over", async () => {
  const { client, asked } = await dagsterOf(
    {
      live: (send) => {
        const messages = [event("x".repeat(20_000))];
        send("data", { data: { log: { __typename: "PipelineRunLogsSubscriptionSuccess", cursor: "1", messages } } });
      },
      polls: [["SUCCESS", "a", "end"], ["SUCCESS"]],
    },
    { maxResponseBytes: 10_000 },
  );
  const pushed = subscribe(client, "subscription { log }", {});
  const error = await rejection(pushed.next());
  expect(error).toMatchObject({ code: "RESPONSE_TOO_LARGE", retryable: false });
  expect(error.message).toContain("maxResponseBytes");
  const seen: string[] = [];
  for await (const { message } of runs.events(client, "run-1", { intervalMs: 1 })) seen.push(message);
  expect(seen).toEqual(["a", "end"]);
  expect(asked.length).toBeGreaterThan(0);
});

test("a lost connection is not the end: polling continues where it stopped", async () => {
  const { client, asked } = await dagsterOf({
    live: (send, socket) => {
      send("data", batch("1", "a"));
      socket.close();
    },
    polls: [["STARTED", "b"], ["SUCCESS", "end"], ["SUCCESS"]],
  });
  expect((await messagesOf(runs.events(client, "r", quick))).slice(0, 2)).toEqual(["a", "b"]);
  expect(asked.at(0)).toBe("1");
});

test.each<[string, Partial<DagsterClientOptions>]>([
  ["a token", { auth: { token: "user:abc" } }],
  ["headers", { headers: { "x-proxy": "yes" } }],
  ["a fetch of its own", { fetch: (...args) => fetch(...args) }],
])("a client with %s does not subscribe, since a WebSocket would go without", async (_, options) => {
  const live = () => expect.unreachable("it subscribed");
  const { client } = await dagsterOf({ live, polls: [["SUCCESS", "a"], ["SUCCESS"]] }, options);
  expect(client.webSocketUrl).toBeUndefined();
  expect(await messagesOf(runs.events(client, "r", quick))).toEqual(["a"]);
  await expect(subscribe(client, "subscription S { x }", {}).next()).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
});

test("silence is not the end either: after polling, it subscribes again", async () => {
  let times = 0;
  const { client, asked } = await dagsterOf({
    live: (send, socket, { pageToken }) => {
      times += 1;
      if (times === 1) {
        send("data", batch("0"));
        socket.close();
      } else send("data", batch("2", `after ${pageToken}`, "end"));
    },
    polls: [["STARTED", "asked"], ["SUCCESS"]],
  });
  expect(await messagesOf(runs.events(client, "r", quick))).toEqual(["asked", "after polled 1", "end"]);
  expect(asked).toEqual([undefined, "2", "polled 2"]);
});

test("a server that fails to push is polled from then on", async () => {
  let times = 0;
  const { client, asked } = await dagsterOf({
    live: (send) => {
      times += 1;
      send("data", batch("1", "a"));
      send("error", { message: "schedule() takes 3 positional arguments but 4 were given" });
    },
    polls: [["STARTED", "b"], ["STARTED", "c"], ["SUCCESS", "end"], ["SUCCESS"]],
  });
  expect(await messagesOf(runs.events(client, "r", quick))).toEqual(["a", "b", "c", "end"]);
  expect(times).toBe(1);
  expect(asked).toEqual(["1", "polled 1", "polled 2", "polled 3"]);
});

test.each<[string, unknown, string, RegExp]>([
  ["data", { errors: "busy" }, "INVALID_REQUEST", /without a message/],
  ["data", { errors: [null, { message: { a: 1 } }, { message: "no" }] }, "INVALID_REQUEST", /message; .* message; no/],
  ["error", null, "INVALID_REQUEST", /without a message/],
  ["connection_error", { message: 7 }, "INVALID_REQUEST", /without a message/],
  ["data", null, "UNEXPECTED_ANSWER", /no data/],
  ["data", { data: null, errors: [] }, "UNEXPECTED_ANSWER", /no data/],
])("subscribe reports what is wrong with a malformed message: %s %j", async (type, payload, code, said) => {
  const { client } = await dagsterOf({ live: (send) => send(type, payload), polls: [["SUCCESS", "a"], ["SUCCESS"]] });
  const error = await rejection(subscribe(client, "subscription N { n }", {}).next());
  expect(error).toMatchObject({ name: "DagsterError", code, message: expect.stringMatching(said) });
  expect(await messagesOf(runs.events(client, "r", quick))).toEqual(["a"]);
});

test("subscribe times out if the server never answers", async () => {
  const server = createServer((_request, _response) => {});
  const client = createDagsterClient({ url: `http://127.0.0.1:${await listen(server)}` });
  const error = await rejection(subscribe(client, "subscription N { n }", {}, { connectMs: 100 }).next());
  expect(error).toMatchObject({ name: "DagsterNetworkError", code: "TIMEOUT", retryable: true });
});

test("an abort ends the events with its reason, pushed or polled, by the call's signal or the client's", async () => {
  for (const live of [() => {}, undefined]) {
    for (const isClients of [true, false]) {
      const controller = new AbortController();
      const { signal } = controller;
      const script = { ...(live && { live }), polls: [["STARTED"]] } satisfies Script;
      const { client } = await dagsterOf(script, isClients ? { signal } : {});
      setTimeout(() => controller.abort(new Error("enough")), 50);
      const events = runs.events(client, "r", { intervalMs: 60_000 }, isClients ? {} : { signal });
      await expect(messagesOf(events)).rejects.toThrow("enough");
    }
  }
});

test("leaving the loop closes the connection", async () => {
  let closed = () => {};
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const { client } = await dagsterOf({
    live: (send, socket) => {
      socket.on("close", closed);
      send("data", batch("1", "a", "b"));
    },
    polls: [["STARTED"]],
  });
  for await (const { message } of runs.events(client, "r")) {
    expect(message).toBe("a");
    break;
  }
  await isClosed;
});

test("subscribe yields data until the server says that it is complete", async () => {
  const { client } = await dagsterOf({
    live: (send) => {
      for (const n of [1, 2]) send("data", { data: { n } });
      send("complete");
    },
    polls: [],
  });
  const found: unknown[] = [];
  for await (const data of subscribe(client, "subscription N { n }", {})) found.push(data);
  expect(found).toEqual([{ n: 1 }, { n: 2 }]);
});

test.each<[string, (send: Send, socket: WebSocket) => void, object]>([
  ["an error", (send) => send("error", { message: "Cannot query field 'n'" }), { code: "INVALID_REQUEST" }],
  ["errors in data", (send) => send("data", { data: null, errors: [{ message: "no" }] }), { code: "INVALID_REQUEST" }],
  ["what is no message", (_, socket) => socket.send("<html>"), { code: "CONNECTION_LOST", retryable: true }],
  ["a lost connection", (_, socket) => socket.terminate(), { code: "CONNECTION_LOST", retryable: true }],
  ["silence after it has begun", (send) => send("data", { data: {} }), { code: "TIMEOUT", retryable: true }],
  ["silence", () => {}, { code: "TIMEOUT", retryable: true }],
])("subscribe fails on %s", async (_, live, error) => {
  const { client } = await dagsterOf({ live, polls: [] });
  const all = async () => {
    const isSilence = "code" in error && error.code === "TIMEOUT";
    for await (const _ of subscribe(client, "subscription N { n }", {}, isSilence ? { idleMs: 300 } : {}));
  };
  await expect(all()).rejects.toMatchObject(error);
});

test("subscribe fails if the server offers no WebSockets", async () => {
  const { client } = await dagsterOf({ polls: [] });
  const error = await rejection(subscribe(client, "subscription N { n }", {}).next());
  expect(error).toMatchObject({ name: "DagsterNetworkError", code: "CONNECTION_LOST", retryable: true });
});
