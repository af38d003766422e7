import { expect } from "vitest";
import { type AirflowTarget, get, post, runs, tasks } from "./airflow-target.ts";
import { type ContractCase, request } from "./request.ts";

/** The status, and the part of the body that says what is wrong. */
async function refused(reply: ReturnType<typeof request>): Promise<[status: number, what: unknown]> {
  const { status, json } = await reply;
  const detail = json?.detail;
  return [status, Array.isArray(detail) ? detail[0].type : (detail ?? json?.error)];
}

function login(target: AirflowTarget, body: unknown, type = "application/json") {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return request(`${target.url}/auth/token`, { method: "POST", headers: { "content-type": type }, body: text });
}

const bearer = (target: AirflowTarget, token: string) =>
  request(`${target.url}/api/v2/dags`, { headers: { authorization: `Bearer ${token}` } });

/** Logins, and responses to invalid requests. */
export const airflowErrorCases: readonly ContractCase<AirflowTarget>[] = [
  {
    name: "a login returns 201 with a token that contains its expiry",
    run: async (target) => {
      const { username, password } = target;
      const reply = await login(target, { username, password });
      expect(reply.status).toBe(201);
      expect(Object.keys(reply.json)).toEqual(["access_token"]);
      const claims = JSON.parse(Buffer.from(reply.json.access_token.split(".")[1], "base64url").toString());
      expect(claims.exp).toBeGreaterThan(claims.iat);
      expect((await bearer(target, reply.json.access_token)).status).toBe(200);
      const form = new URLSearchParams({ username, password }).toString();
      expect((await login(target, form, "application/x-www-form-urlencoded")).status).toBe(201);
    },
  },
  {
    name: "a wrong password is a 401, an incomplete login a 422, another content type a 415",
    run: async (target) => {
      const { username } = target;
      expect(await refused(login(target, { username, password: "not it" }))).toEqual([401, "Invalid credentials"]);
      expect((await refused(login(target, { username })))[0]).toBe(422);
      expect((await refused(login(target, "x=1", "text/plain")))[0]).toBe(415);
    },
  },
  {
    name: "a missing token is a 401, an invalid one a 403",
    run: async (target) => {
      expect(await refused(request(`${target.url}/api/v2/dags`))).toEqual([401, "Not authenticated"]);
      expect(await refused(bearer(target, ""))).toEqual([401, "Not authenticated"]);
      expect(await refused(bearer(target, "garbage"))).toEqual([403, "Invalid JWT token"]);
      const [head, claims, signature] = target.token.split(".");
      const forged = `${head}.${claims}.${signature!.startsWith("A") ? "B" : "A"}${signature!.slice(1)}`;
      expect(await refused(bearer(target, forged))).toEqual([403, "Invalid JWT token"]);
    },
  },
  {
    name: "invalid numbers and dates in a query are a 422 that names the type",
    run: async (target) => {
      const kinds = [
        ["limit=-1", "greater_than_equal"],
        ["limit=abc", "int_parsing"],
        ["offset=-1", "greater_than_equal"],
        ["updated_at_gte=yesterday", "datetime_from_date_parsing"],
        ["updated_at_gte=", "datetime_from_date_parsing"],
        ["updated_at_gte=2026-11-19T21:00:00+00:00", "datetime_from_date_parsing"],
      ];
      for (const [query, kind] of kinds) {
        expect(await refused(get(target, `${runs}?${query}`)), query).toEqual([422, kind]);
      }
      const strange = await get(target, `${runs}?limit=-1`);
      expect(Object.keys(strange.json.detail[0]).sort()).toEqual(["ctx", "input", "loc", "msg", "type"]);
      expect(strange.json.detail[0].loc).toEqual(["query", "limit"]);
    },
  },
  {
    name: "a date without a zone is a 500 in a query and a 422 in a body; seconds are accepted",
    run: async (target) => {
      for (const date of ["2027-01-01T00:00:00", "2027-01-01"]) {
        const reply = await get(target, `${runs}?updated_at_gte=${date}`);
        expect([reply.status, reply.json.detail.reason]).toEqual([500, "Database error"]);
      }
      const body = { run_after_gte: "2027-01-01T00:00:00" };
      expect(await refused(post(target, `${runs}/list`, body))).toEqual([422, "timezone_aware"]);
      expect((await get(target, `${runs}?limit=0&updated_at_gte=1763672400`)).status).toBe(200);
      expect((await get(target, `${runs}?limit=0&updated_at_gte=2026-11-19T21:00:00%2B00:00`)).status).toBe(200);
    },
  },
  {
    name: "an unknown, disallowed or too long order is a 400",
    run: async (target) => {
      const unknown = (field: string) =>
        `Ordering with '${field}' is disallowed or the attribute does not exist on the model`;
      expect(await refused(get(target, `${runs}?order_by=nope`))).toEqual([400, unknown("nope")]);
      expect(await refused(get(target, `${tasks}?order_by=updated_at`))).toEqual([400, unknown("updated_at")]);
      const body = { order_by: "updated_at" };
      expect(await refused(post(target, `${tasks}/list`, body))).toEqual([400, unknown("updated_at")]);
      expect((await post(target, `${runs}/list`, { ...body, page_limit: 1 })).status).toBe(200);
      const eleven = Array.from({ length: 11 }, () => "order_by=id").join("&");
      expect((await refused(get(target, `${runs}?${eleven}`)))[1]).toMatch(/^Ordering with more than 10 parameters/);
    },
  },
  {
    name: "a body with an unknown field is rejected",
    run: async (target) => {
      const strange: [path: string, body: object][] = [
        [runs, { nope: 1 }],
        [runs, { dag_run_ids: ["x"] }],
        [runs, { updated_at_gte: "2027-01-01T00:00:00Z" }],
        [tasks, { states: ["success"] }],
        [tasks, { cursor: "" }],
      ];
      for (const [path, body] of strange) {
        expect(await refused(post(target, `${path}/list`, body))).toEqual([422, "extra_forbidden"]);
      }
      expect(await refused(post(target, `${runs}/list`, { order_by: ["id"] }))).toEqual([422, "string_type"]);
      expect(await refused(post(target, `${tasks}/list`, { dag_ids: "x" }))).toEqual([422, "list_type"]);
      expect(await refused(post(target, `${runs}/list`, { page_limit: -1 }))).toEqual([422, "greater_than_equal"]);
      expect(await refused(post(target, `${runs}/list`, []))).toEqual([422, "model_attributes_type"]);
      expect(await refused(post(target, "/api/v2/dags/x/dagRuns/list", {}))).toEqual([422, "literal_error"]);
    },
  },
  {
    name: "what does not exist is a 404, with a message per kind",
    run: async (target) => {
      const none = "The Dag with ID: `nope` was not found";
      for (const path of ["nope", "nope/details", "nope/dagRuns", "nope/dagRuns/~/taskInstances", "nope/dagVersions"]) {
        expect(await refused(get(target, `/api/v2/dags/${path}`)), path).toEqual([404, none]);
      }
      expect(await refused(get(target, "/api/v2/dags/~/details"))).toEqual([404, "The Dag with ID: `~` was not found"]);
      expect(await refused(get(target, "/api/v2/nope"))).toEqual([404, "API route not found"]);
      expect((await get(target, "/api/v2/nope")).json).toEqual({ error: "API route not found" });
      expect(await refused(get(target, "/api/v2/dags/"))).toEqual([404, "API route not found"]);
      expect((await refused(get(target, "/api/v1/dags")))[1]).toMatch(/has been removed in Airflow 3/);
      expect((await get(target, "/api/v2/dagStats?dag_ids=nope")).json).toEqual({ dags: [], total_entries: 0 });
    },
  },
  {
    name: "a run that does not exist is a 404, one of any DAG a 400, and one with a slash has no route",
    run: async (target) => {
      const dagId = (await get(target, "/api/v2/dags?limit=1")).json.dags[0].dag_id;
      const path = `/api/v2/dags/${dagId}/dagRuns`;
      const words = (runId: string) => `DagRun with dag_id: \`${dagId}\` and run_id: \`${runId}\` was not found`;
      expect(await refused(get(target, `${path}/nope`))).toEqual([404, `The ${words("nope")}`]);
      expect(await refused(get(target, `${path}/nope/taskInstances`))).toEqual([404, words("nope")]);
      expect(await refused(get(target, `${path}/a%252Fb/taskInstances`))).toEqual([404, words("a%2Fb")]);
      expect(await refused(get(target, `${path}/a%2Fb/taskInstances`))).toEqual([404, "API route not found"]);
      const any = await refused(get(target, `${runs}/nope/taskInstances`));
      expect(any).toEqual([400, "dag_id is required when dag_run_id is specified"]);
      expect(await refused(get(target, `${path}/nope/taskInstances/x/tries`))).toEqual([
        404,
        `The Task Instance with dag_id: \`${dagId}\`, run_id: \`nope\`, task_id: \`x\` and map_index: \`-1\` was not found`,
      ]);
    },
  },
  {
    name: "another method is a 405, an unknown page under /auth is HTML with 200",
    run: async (target) => {
      const headers = { authorization: `Bearer ${target.token}` };
      const put = request(`${target.url}/api/v2/dags`, { method: "PUT", headers });
      expect(await refused(put)).toEqual([405, "Method Not Allowed"]);
      const page = await get(target, "/auth/fab/v1/users");
      expect(page.status).toBe(200);
      expect(page.headers.get("content-type")).toContain("text/html");
    },
  },
];
