/**
 * Answers over HTTP: the page, every question, and metrics. It is read-only, and its only access check is the host name
 * in the request: anyone who can reach it can read what it serves.
 */
import type { Destination } from "@org/destination";
import type { Insights } from "../answer.ts";
import { InsightsError } from "../errors.ts";
import { answerCsv, answerJson } from "../formats.ts";
import { metrics } from "../metrics/metrics.ts";
import { serverMetrics } from "../metrics/server-metrics.ts";
import { waitingPage } from "../page/live.ts";
import { type PageOptions, reportPage } from "../page/page.ts";
import type { Question } from "../question.ts";
import { questions } from "../questions/index.ts";
import type { Scope } from "../scope.ts";
import type { HandledRequest, Handler } from "./exchange.ts";
import { Follower, type Look, TooMany } from "./follower.ts";
import { isKnownHost } from "./host-names.ts";
import { parseQuery } from "./query-string.ts";
import { type Reply, send } from "./reply.ts";
import type { SyncHealth } from "./sync-health.ts";

export type { HandledRequest, HandledResponse, Handler } from "./exchange.ts";
export { isKnownHost } from "./host-names.ts";
export { type Reply, send } from "./reply.ts";
export type { SyncHealth } from "./sync-health.ts";

export interface HandlerOptions extends Omit<PageOptions, "title" | "stamp"> {
  /** The destination to serve. It is inspected on request, and opened only while a request is answered. */
  readonly destination: Destination;
  /** The page's title. @default the destination's name */
  readonly title?: string | undefined;
  /** Host names of the server, besides `localhost` and numeric addresses. @default none */
  readonly hosts?: readonly string[] | undefined;
  /** The health of the syncs that this process runs. @default it runs none */
  readonly syncs?: () => readonly SyncHealth[] | undefined;
  /** Aborts requests in progress. @default never */
  readonly signal?: AbortSignal | undefined;
  /** Receives errors that are not the client's fault. @default clients get them without their text */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What a request is answered with, once its host name is accepted. */
interface Context {
  readonly options: HandlerOptions;
  readonly follower: Follower;
}

/**
 * Creates a handler for `node:http`. It answers GET and HEAD of `/`, `/api/`, `/api/<question>.json`,
 * `/api/<question>.csv`, `/status.json` and `/metrics`.
 *
 * @example createServer(createHandler({ destination: sqlite("orchestration.sqlite") })).listen(8642, "127.0.0.1");
 */
export function createHandler(options: HandlerOptions): Handler {
  const { destination, pipelines, signal } = options;
  const context = { options, follower: new Follower(destination, pipelines, signal) };
  return (request, response) => {
    // Request bodies are ignored.
    request.resume();
    answer(context, request)
      .catch((error: unknown) => refusal(error, context))
      .then((reply) => send(request, response, reply))
      .catch((error: unknown) => {
        options.onError?.(error);
        response.destroy();
      });
  };
}

async function answer(context: Context, { method, headers, url = "" }: HandledRequest): Promise<Reply> {
  if (method !== "GET" && method !== "HEAD") {
    return failure(405, "METHOD", "This server is read-only: use GET or HEAD.", {
      allow: "GET, HEAD",
      connection: "close",
    });
  }
  if (!isKnownHost(headers.host, context.options.hosts ?? [])) {
    return failure(
      403,
      "HOST",
      "Host name not allowed. Use localhost, a numeric address, or a name that the server was configured to accept.",
    );
  }
  const [, path = "", search = ""] = /^(\/[^?#]*)\??([^#]*)/.exec(url) ?? [];
  const query = new URLSearchParams(search);
  if (path === "/") return page(context, query);
  if (path === "/status.json") return status(context);
  if (path === "/metrics") return measured(context);
  if (path === "/api" || path === "/api/") return { type: "json", body: questionList() };
  const [, name, format] = /^\/api\/([a-z_]{1,60})\.(json|csv)$/.exec(path) ?? [];
  const question = questions.find((each) => each.name === name);
  if (question) return answered(context, question, format as "json" | "csv", query);
  if (name) return failure(404, "UNKNOWN_QUESTION", `There is no question ${name}. See /api/ for all of them.`);
  return failure(404, "NOT_FOUND", "Not found. Try /, /api/, /status.json or /metrics.");
}

async function page({ options, follower }: Context, query: URLSearchParams): Promise<Reply> {
  const { destination, title = destination.name, servers, parameters } = options;
  const given = scopeOf(options, parseQuery(query));
  const make = (insights: Insights, { stamp }: Look) =>
    reportPage(insights, { ...given, title, stamp, ...(servers && { servers }), ...(parameters && { parameters }) });
  try {
    const { text, asOf } = await follower.text(`page ${JSON.stringify(given)}`, make);
    return { type: "html", body: text, asOf };
  } catch (error) {
    const { status = 500, body } = refusal(error, { options, follower });
    if (status < 500) throw error;
    const why = (JSON.parse(body) as { error: { message: string } }).error.message;
    return { status, type: "html", body: waitingPage(title, why), headers: { "retry-after": "10" } };
  }
}

async function answered(
  { options, follower }: Context,
  question: Question,
  format: "json" | "csv",
  query: URLSearchParams,
): Promise<Reply> {
  const given = { ...options.parameters?.[question.name], ...scopeOf(options, parseQuery(query, question.parameters)) };
  const write = { json: answerJson, csv: answerCsv }[format];
  const { text, asOf } = await follower.text(`${question.name} ${format} ${JSON.stringify(given)}`, async (insights) =>
    write(await insights.answer(question, given)),
  );
  return { type: format, body: text, asOf };
}

/** The request's scope takes precedence over the server's. A requested window replaces the whole window. */
function scopeOf({ since, until, days, timezone }: HandlerOptions, asked: Scope): Scope {
  const isWindowAsked = [asked.since, asked.until, asked.days].some((each) => each !== undefined);
  const own = isWindowAsked ? { timezone } : { since, until, days, timezone };
  return Object.fromEntries(Object.entries({ ...own, ...asked }).filter(([, value]) => value !== undefined));
}

/** Small enough to be polled every few seconds. */
async function status({ options, follower }: Context): Promise<Reply> {
  const look = await follower.look().catch(() => undefined);
  const syncs = options.syncs?.() ?? [];
  const commits = look?.contents.flatMap(({ streams }) => streams.map(({ committedAt }) => committedAt));
  const problems = syncs.flatMap(({ pipeline, problem }) => (problem === undefined ? [] : [`${pipeline}: ${problem}`]));
  const { trouble } = follower;
  if (trouble && look) problems.push(`What is stored cannot be looked at: ${messageOf(trouble.error)}`);
  const body = {
    stamp: look?.stamp ?? "",
    asOf: look?.asOf ?? null,
    syncedAt: commits?.sort().at(-1) ?? null,
    now: new Date().toISOString(),
    syncing: syncs.some(({ isRunning }) => isRunning),
    problem: problems.length === 0 ? null : problems.join(" "),
  };
  return { type: "json", body: `${JSON.stringify(body)}\n` };
}

async function measured({ options, follower }: Context): Promise<Reply> {
  const began = performance.now();
  let tables = "";
  let isUp = true;
  try {
    ({ text: tables } = await follower.text("metrics", (insights) => metrics(insights)));
  } catch (error) {
    isUp = false;
    if (!isExpected(error)) options.onError?.(error);
  }
  const own = serverMetrics({
    isUp: isUp && follower.trouble === undefined,
    failedLooks: follower.failures,
    durationMs: performance.now() - began,
    syncs: options.syncs?.() ?? [],
  });
  return { type: "metrics", body: tables + own };
}

function questionList(): string {
  const all = questions.map(({ name, sentence, limits, days = 7, parameters, columns }) => ({
    name,
    sentence,
    limits,
    json: `/api/${name}.json`,
    csv: `/api/${name}.csv`,
    days,
    parameters,
    columns,
  }));
  return `${JSON.stringify({ questions: all }, null, 2)}\n`;
}

function refusal(error: unknown, { options, follower }: Context): Reply {
  if (error instanceof InsightsError) {
    const { code, message } = error;
    if (code === "NO_TABLES") return failure(follower.trouble ? 503 : 404, code, message);
    const status = { NO_SQL: 500, NO_DEADLINES: 404, UNKNOWN_QUESTION: 404, INVALID_PARAMETER: 400 }[code];
    return failure(status, code, message);
  }
  if (isExpected(error)) {
    const { code } = error as { code?: unknown };
    return failure(503, typeof code === "string" ? code : "BUSY", messageOf(error), { "retry-after": "10" });
  }
  if (!options.signal?.aborted) options.onError?.(error);
  return failure(500, "FAILED", "Internal error. See the server's log.");
}

/** Temporary conditions: a sync holds the file, a database is down, nothing was synced yet. */
function isExpected(error: unknown): boolean {
  const { code, retryable } = (error ?? {}) as { code?: unknown; retryable?: unknown };
  return error instanceof TooMany || retryable === true || code === "NOT_FOUND" || code === "NO_TABLES";
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function failure(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: "json", body: `${JSON.stringify({ error: { code, message } })}\n`, headers };
}
