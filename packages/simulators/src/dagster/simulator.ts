import {
  buildSchema,
  type DocumentNode,
  defaultFieldResolver,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  parse,
  validate,
} from "graphql";
import { type DirectServer, directServer } from "../http/direct.ts";
import type { SimulatedRequest } from "../http/faults.ts";
import {
  type Answer,
  type Handler,
  htmlAnswer,
  jsonAnswer,
  type RunningServer,
  startServer,
  textAnswer,
} from "../http/server.ts";
import { readSpecification } from "../specifications.ts";
import type { Clock } from "../time.ts";
import { createDagsterWorld } from "./demo.ts";
import { type RequestState, rootOf } from "./resolvers.ts";
import type { DagsterWorld } from "./world.ts";

export interface DagsterSimulatorOptions {
  /** What the server contains. @default the demo world */
  readonly world?: DagsterWorld;
  /** The clock of the demo world; a given world has its own. */
  readonly clock?: Clock;
  /**
   * The version whose interface it has, and whose behaviour where they are known to differ: filters by time, unknown
   * assets.
   *
   * @default "1.13.27"
   */
  readonly version?: DagsterVersion;
  /** @default 0, any free one */
  readonly port?: number;
}

export interface DagsterSimulator extends RunningServer {
  readonly world: DagsterWorld;
  readonly clock: Clock;
}

export type DagsterVersion = "1.7.10" | "1.10.21" | "1.13.27";

const schemas = new Map<DagsterVersion, GraphQLSchema>();

/** Cached because parsing and validating a document takes longer than executing it. */
const documents = new WeakMap<GraphQLSchema, Map<string, DocumentNode | Answer>>();

/** Starts a Dagster webserver in this process, on 127.0.0.1. Its `url` is the base; GraphQL is at `/graphql`. */
export async function startDagsterSimulator(options: DagsterSimulatorOptions = {}): Promise<DagsterSimulator> {
  const world = options.world ?? createDagsterWorld(options.clock ? { clock: options.clock } : {});
  const server = await startServer({
    handler: dagsterHandler(world, options.version),
    clock: world.clock,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  return { ...server, world, clock: world.clock };
}

/** The same without a socket: a server that is only its `fetch`, whatever the host. */
export function directDagsterSimulator(world: DagsterWorld, version?: DagsterVersion): DirectServer {
  return directServer({ handler: dagsterHandler(world, version), clock: world.clock });
}

function dagsterHandler(world: DagsterWorld, version: DagsterVersion = "1.13.27"): Handler {
  const schema =
    schemas.get(version) ?? buildSchema(readSpecification(`dagster/${version}.graphql`), { assumeValidSDL: true });
  schemas.set(version, schema);

  async function handle(request: SimulatedRequest, clampPage: number | undefined): Promise<Answer> {
    if (request.path === "/server_info") {
      return jsonAnswer(200, {
        dagster_webserver_version: version,
        dagster_version: version,
        dagster_graphql_version: version,
      });
    }
    if (request.path !== "/graphql") {
      return request.method === "GET" ? htmlAnswer() : textAnswer(405, "Method Not Allowed");
    }
    const input = readInput(request);
    return "status" in input ? input : run(input, clampPage);
  }

  async function run(input: Input, clampPage: number | undefined): Promise<Answer> {
    const document = readDocument(schema, input.query);
    if ("status" in document) return document;
    const state: RequestState = { world, version, maximum: clampPage ?? Number.POSITIVE_INFINITY, captured: false };
    const result = await execute({
      schema,
      document,
      rootValue: rootOf(state),
      variableValues: input.variables,
      operationName: input.operationName,
      fieldResolver: knownField,
    });
    if (result.data === undefined) {
      // Before execution: a wrong variable value is a 500, everything else a 400.
      const wrongValue = result.errors!.some((error) => error.message.includes("got invalid value"));
      return failed(wrongValue ? 500 : 400, result.errors!);
    }
    if (result.errors) return failed(500, result.errors, result.data);
    return jsonAnswer(state.captured ? 500 : 200, { data: result.data });
  }

  return handle;
}

/** A valid document, or the response that rejects it. */
function readDocument(schema: GraphQLSchema, query: string): DocumentNode | Answer {
  const known = documents.get(schema) ?? new Map<string, DocumentNode | Answer>();
  documents.set(schema, known);
  const found = known.get(query) ?? parsedDocument(schema, query);
  if (known.size < 1000) known.set(query, found);
  return found;
}

function parsedDocument(schema: GraphQLSchema, query: string): DocumentNode | Answer {
  try {
    const document = parse(query);
    const mistakes = validate(schema, document);
    return mistakes.length > 0 ? failed(400, mistakes) : document;
  } catch (error) {
    return failed(400, [error as GraphQLError]);
  }
}

interface Input {
  readonly query: string;
  readonly variables: { readonly [name: string]: unknown } | undefined;
  readonly operationName: string | undefined;
}

function readInput(request: SimulatedRequest): Input | Answer {
  if (request.method === "GET") {
    const query = request.query.get("query");
    if (query === null) return htmlAnswer();
    const variables = request.query.get("variables");
    return { query, variables: variables ? JSON.parse(variables) : undefined, operationName: undefined };
  }
  if (request.json === undefined) return textAnswer(400, `GraphQL request is invalid JSON:\n${request.text}`);
  if (Array.isArray(request.json)) return textAnswer(500, "Internal Server Error");
  const { query, variables, operationName } = request.json as {
    query?: string;
    variables?: Input["variables"] | null;
    operationName?: string | null;
  };
  if (typeof query !== "string") return textAnswer(400, "No GraphQL query found in the request");
  return { query, variables: variables ?? undefined, operationName: operationName ?? undefined };
}

/** The real server is written in Python, which quotes with apostrophes; clients recognise errors by that. */
function failed(status: number, errors: readonly GraphQLError[], data: unknown = null): Answer {
  const printed = errors.map((error) => ({ ...error.toJSON(), message: error.message.replaceAll('"', "'") }));
  return jsonAnswer(status, { data, errors: printed });
}

/** Rejects fields that the schema has and the simulator lacks, rather than returning null for them. */
const knownField: GraphQLFieldResolver<unknown, unknown> = (source, input, context, info) => {
  if (typeof source === "object" && source !== null && !(info.fieldName in source)) {
    throw new GraphQLError(`The simulator does not know ${info.parentType.name}.${info.fieldName}.`);
  }
  return defaultFieldResolver(source, input, context, info);
};
