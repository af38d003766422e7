import { createHmac, timingSafeEqual } from "node:crypto";
import { type Answer, jsonAnswer } from "../http/answer.ts";
import type { SimulatedRequest } from "../http/faults.ts";
import type { Clock } from "../time.ts";
import { detail } from "./problems.ts";

/** How long an expired token is still accepted, in seconds. */
const leewaySeconds = 10;

/** The tokens of one server: issued by `/auth/token`, checked on every other request by the simulator's clock. */
export class Tokens {
  readonly #clock: Clock;
  readonly #username: string;
  readonly #password: string;
  readonly #lifetimeSeconds: number;
  #secret = "the simulator's secret";
  #count = 0;

  constructor(options: { clock: Clock; username: string; password: string; lifetimeMs: number }) {
    this.#clock = options.clock;
    this.#username = options.username;
    this.#password = options.password;
    this.#lifetimeSeconds = Math.round(options.lifetimeMs / 1000);
  }

  /** A token as a login would return it. */
  issue(): string {
    const now = Math.floor(this.#clock.now() / 1000);
    this.#count += 1;
    const claims = {
      sub: this.#username,
      role: "admin",
      teams: [],
      jti: String(this.#count),
      aud: "apache-airflow",
      nbf: now,
      exp: now + this.#lifetimeSeconds,
      iat: now,
    };
    const head = `${encode({ alg: "HS512", kid: "not-used", typ: "JWT" })}.${encode(claims)}`;
    return `${head}.${this.#sign(head).toString("base64url")}`;
  }

  /** The server restarts with another secret: earlier tokens get the 403 of a bad signature. */
  rotateSecret(): void {
    this.#count += 1;
    this.#secret = `another secret, number ${this.#count}`;
  }

  /** Responds to `POST /auth/token`. */
  login(request: SimulatedRequest): Answer {
    const type = String(request.headers["content-type"] ?? "");
    const form = type.startsWith("application/x-www-form-urlencoded");
    if (!form && !type.startsWith("application/json")) {
      throw detail(415, "Only application/json or application/x-www-form-urlencoded is supported");
    }
    const body = form ? Object.fromEntries(new URLSearchParams(request.text)) : (request.json as Partial<Login>);
    for (const field of ["username", "password"] as const) {
      if (typeof body?.[field] !== "string") throw detail(422, `1 validation error for LoginBody\n${field}`);
    }
    if (body.username !== this.#username || body.password !== this.#password) throw detail(401, "Invalid credentials");
    return jsonAnswer(201, { access_token: this.issue() });
  }

  /** @throws Problem 401 without a token or with an expired one, 403 with a foreign one */
  check(request: SimulatedRequest): void {
    const token = /^bearer\s+(\S+)/i.exec(request.headers.authorization?.toString() ?? "")?.[1];
    if (!token) throw detail(401, "Not authenticated");
    const [header, claims, signature] = token.split(".");
    const expected = this.#sign(`${header}.${claims}`);
    const given = Buffer.from(signature ?? "", "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw detail(403, "Invalid JWT token");
    const { exp } = JSON.parse(Buffer.from(claims!, "base64url").toString("utf8")) as { exp: number };
    if (this.#clock.now() / 1000 > exp + leewaySeconds) throw detail(401, "Token Expired");
  }

  #sign(head: string): Buffer {
    return createHmac("sha512", this.#secret).update(head).digest();
  }
}

interface Login {
  username: string;
  password: string;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
