import { type Answer, type Handler, htmlAnswer, jsonAnswer, textAnswer } from "../http/answer.ts";
import type { SimulatedRequest } from "../http/faults.ts";
import { createSimulatedServer, type SimulatedServer } from "../http/simulated-server.ts";
import type { Clock } from "../time.ts";
import { PoisonedRow } from "./documents.ts";
import { AirflowInterface, routePattern } from "./interface.ts";
import { detail, invalid, notSimulated, Problem } from "./problems.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";
import type { AirflowWorldVersion } from "./store.ts";
import { Tokens } from "./tokens.ts";
import { visiblePart } from "./visibility.ts";
import { type AirflowWorld, createEmptyAirflowWorld } from "./world.ts";

/** Options that may change while a server runs: they are read at every request. */
export interface AirflowServerOptions {
  /** Whether the server has keyset cursors: from 3.2 on; `false` makes one of 3.3 behave like 3.1.8. @default true */
  cursor?: boolean | undefined;
  /** The maximum number of rows of a GET, whatever limit is requested. @default 100, as on a real server */
  maximumPageLimit?: number | undefined;
  /** Which DAGs the user may see. @default all */
  isVisible?: ((dagId: string) => boolean) | undefined;
}

/** Options of {@link createAirflowSimulator}. */
export interface AirflowSimulatorOptions extends AirflowServerOptions {
  /** The server's data, which includes its clock. @default empty */
  readonly world?: AirflowWorld | undefined;
  /** @default "admin" */
  readonly username?: string | undefined;
  /** @default "admin" */
  readonly password?: string | undefined;
  /** The lifetime of a token, in milliseconds. @default a day */
  readonly tokenLifetimeMs?: number | undefined;
}

/** An Airflow server in this process. */
export interface AirflowSimulator extends SimulatedServer {
  /** What it contains, and what can happen to that. */
  readonly world: AirflowWorld;
  /** The world's clock: token expiry and the `Date` header come from it, too. */
  readonly clock: Clock;
  /** Issues and checks the tokens: `tokens.issue()` is a login without a request. */
  readonly tokens: Tokens;
}

/** A response that a route gave, for a test that validates it. */
export interface AnsweredRoute {
  readonly version: AirflowWorldVersion;
  readonly method: string;
  readonly template: string;
  readonly status: number;
  readonly body: string;
}

/** For our own tests. */
export interface ValidatingOptions extends AirflowSimulatorOptions {
  /** Says what is wrong with a response; such a response becomes a 500. */
  readonly validate?: ((answered: AnsweredRoute) => string | undefined) | undefined;
}

const compiled = routes.map((route) => ({ route, pattern: routePattern(route.template) }));

const interfaces = new Map<AirflowWorldVersion, AirflowInterface>();

/** Read once, and only on demand. A world may be upgraded while its server runs. */
function interfaceOf(version: AirflowWorldVersion): AirflowInterface {
  const known = interfaces.get(version) ?? new AirflowInterface(version);
  interfaces.set(version, known);
  return known;
}

/**
 * Creates an Airflow server that lives in this process: pass its `fetch` to a client.
 *
 * @example
 * const simulator = createAirflowSimulator();
 * const dag = simulator.world.addDag({ dagId: "sales" });
 * simulator.world.finishRun(simulator.world.addRun(dag), "failed");
 */
export function createAirflowSimulator(options: AirflowSimulatorOptions = {}): AirflowSimulator {
  return airflowSimulator(options.world ?? createEmptyAirflowWorld(), options);
}

/** @param options read at every request */
export function airflowSimulator(world: AirflowWorld, options: ValidatingOptions): AirflowSimulator {
  const { clock } = world;
  const tokens = new Tokens({
    clock,
    username: options.username ?? "admin",
    password: options.password ?? "admin",
    lifetimeMs: options.tokenLifetimeMs ?? 86_400_000,
  });
  const handler = airflowHandler(world, tokens, options);
  return { ...createSimulatedServer({ url: "http://airflow.test", handler, clock }), world, clock, tokens };
}

function airflowHandler(
  world: AirflowWorld,
  tokens: Tokens,
  options: Pick<ValidatingOptions, keyof AirflowServerOptions | "validate">,
): Handler {
  function handle(request: SimulatedRequest, clampPage: number | undefined): Answer {
    try {
      return answer(request, clampPage);
    } catch (error) {
      if (error instanceof Problem) return error.answer;
      if (error instanceof PoisonedRow) return textAnswer(500, "Internal Server Error");
      throw error;
    }
  }

  function answer(request: SimulatedRequest, clampPage: number | undefined): Answer {
    const path = decoded(request.path);
    if (path === "/auth/token" || path === "/auth/token/cli") {
      if (request.method === "POST") return tokens.login(request);
      throw detail(403, "This method is only allowed if ``[core] simple_auth_manager_all_admins`` is True");
    }
    if (path.startsWith("/api/v1")) {
      const error = "/api/v1 has been removed in Airflow 3, please use its upgraded version /api/v2 instead.";
      return jsonAnswer(404, { error });
    }
    if (!path.startsWith("/api/")) return htmlAnswer();
    const { route, parameters } = find(path, request.method);
    if (!route.open) tokens.check(request);
    checkUnderstood(route, request);
    const { isVisible } = options;
    if (isVisible && parameters.dag_id && parameters.dag_id !== "~" && world.dags.has(parameters.dag_id)) {
      if (!isVisible(parameters.dag_id)) throw detail(403, "Forbidden");
    }
    const body = route.handle({
      world: isVisible ? visiblePart(world, isVisible) : world,
      request,
      path: parameters,
      maximum: {
        get: Math.min(options.maximumPageLimit ?? 100, clampPage ?? Number.POSITIVE_INFINITY),
        post: clampPage ?? Number.POSITIVE_INFINITY,
      },
      cursor: options.cursor ?? true,
    });
    return checked(route, jsonAnswer(200, body));
  }

  function find(path: string, method: string): { route: Route; parameters: { [name: string]: string } } {
    const fitting = compiled.filter(({ pattern }) => pattern.test(path));
    const match = fitting.find(({ route }) => route.method === method);
    if (match) return { route: match.route, parameters: { ...match.pattern.exec(path)?.groups } };
    const real = interfaceOf(world.version).methods(path);
    if (real.includes(method)) throw notSimulated(`${method} ${path}`);
    if (fitting.length > 0 || real.length > 0) throw detail(405, "Method Not Allowed");
    throw new Problem(jsonAnswer(404, { error: "API route not found" }));
  }

  /** Rejects parameters that the real server supports and this one does not, rather than returning wrong rows. */
  function checkUnderstood(route: Route, request: SimulatedRequest): void {
    const known = route.understands ?? [];
    if (!route.body) {
      const real = interfaceOf(world.version).queryParameters(route.template, route.method);
      const strange = real.find((name) => request.query.has(name) && !known.includes(name));
      if (strange) throw notSimulated(`the query parameter ${strange} of ${route.template}`);
      return;
    }
    const { json } = request;
    if (json === undefined) {
      const context = { error: "Expecting value" };
      throw invalid(["body", 0], "json_invalid", "JSON decode error", {}, context);
    }
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      const message = "Input should be a valid dictionary or object to extract fields from";
      throw invalid(["body"], "model_attributes_type", message, json);
    }
    const real = interfaceOf(world.version).fields(route.body);
    for (const [field, value] of Object.entries(json)) {
      if (!real.includes(field)) {
        throw invalid(["body", field], "extra_forbidden", "Extra inputs are not permitted", value);
      }
      if (!known.includes(field)) throw notSimulated(`the field ${field} of ${route.template}`);
    }
  }

  function checked({ template, method }: Route, given: Answer): Answer {
    const { status, body } = given;
    const violation = options.validate?.({ version: world.version, template, method, status, body });
    return violation ? textAnswer(500, `The simulator breaks the specification: ${violation}`) : given;
  }

  return handle;
}

/** Decoded as a whole, as in the real server: an encoded slash is a slash, so a run id with one has no path. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
