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
import { schema as schema1_7 } from "../generated/dagster-1.7.10.ts";
import { schema as schema1_10 } from "../generated/dagster-1.10.21.ts";
import { schema as schema1_13 } from "../generated/dagster-1.13.27.ts";
import { type Answer, type Handler, htmlAnswer, jsonAnswer, textAnswer } from "../http/answer.ts";
import type { SimulatedRequest } from "../http/faults.ts";
import { createSimulatedServer, type SimulatedServer } from "../http/simulated-server.ts";
import type { Clock } from "../time.ts";
import { createEmptyDagsterWorld } from "./empty-world.ts";
import { type RequestState, rootOf } from "./resolvers.ts";
import type { DagsterWorld } from "./world.ts";

/** Options of {@link createDagsterSimulator}. */
export interface DagsterSimulatorOptions {
  /** The server's data, which includes its clock. @default empty */
  readonly world?: DagsterWorld | undefined;
  /**
   * The version whose interface it has, and whose behaviour where they are known to differ: filters by time, unknown
   * assets.
   *
   * @default "1.13.27"
   */
  readonly version?: DagsterVersion | undefined;
}

/** A Dagster webserver in this process. */
export interface DagsterSimulator extends SimulatedServer {
  /** What it contains, and what can happen to that. */
  readonly world: DagsterWorld;
  /** The world's clock. */
  readonly clock: Clock;
}

export type DagsterVersion = "1.7.10" | "1.10.21" | "1.13.27";

const sources: Readonly<Record<DagsterVersion, string>> = {
  "1.7.10": schema1_7,
  "1.10.21": schema1_10,
  "1.13.27": schema1_13,
};

const schemas = new Map<DagsterVersion, GraphQLSchema>();

/** Cached because parsing and validating a document takes longer than executing it. */
const documents = new WeakMap<GraphQLSchema, Map<string, DocumentNode | Answer>>();

/**
 * Creates a Dagster webserver that lives in this process: pass its `fetch` to a client. GraphQL is at `/graphql`.
 *
 * @example
 * const simulator = createDagsterSimulator();
 * simulator.world.addLocation("warehouse");
 * simulator.world.completeRun({ jobName: "nightly" }, "FAILURE");
 */
export function createDagsterSimulator(options: DagsterSimulatorOptions = {}): DagsterSimulator {
  const { world = createEmptyDagsterWorld(), version } = options;
  const { clock } = world;
  return {
    ...createSimulatedServer({ url: "http://dagster.test", handler: dagsterHandler(world, version), clock }),
    world,
    clock,
  };
}

function dagsterHandler(world: DagsterWorld, version: DagsterVersion = "1.13.27"): Handler {
  const schema = schemas.get(version) ?? buildSchema(sources[version], { assumeValidSDL: true });
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
