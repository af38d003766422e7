import { AirflowAuthError, createAirflowClient } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { json, serve } from "./support/server.ts";

const version = "/api/v2/version";
const password = { username: "ann", password: "hunter2!" };

describe("several API servers behind one address, each with its own signing secret", () => {
  /** Each accepts the tokens that it issued; requests go to them in turn, logins among them. */
  async function threeServers(status: 401 | 403 = 403) {
    let turn = 0;
    const issued = new Map<string, number>();
    const server = await serve(({ url, headers }, response) => {
      const worker = turn % 3;
      turn += url === "/auth/token" ? 0 : 1;
      if (url === "/auth/token") {
        const token = `token-${issued.size + 1}`;
        issued.set(`Bearer ${token}`, worker);
        return json(response, { access_token: token }, 201);
      }
      if (issued.get(headers.authorization ?? "") === worker) return json(response, { version: "3.3.2" });
      return json(response, { detail: "Invalid JWT token" }, status);
    });
    return { ...server, issued };
  }

  test.each([401, 403] as const)(
    "reject with %d what was accepted before: the retries end, with an error that says why",
    async (status) => {
      const server = await threeServers(status);
      const client = createAirflowClient({ url: server.url, auth: password });
      const calls = async () => {
        for (let call = 0; call < 50; call += 1) await client.GET(version);
      };
      const error = await failure(calls(), AirflowAuthError);
      expect(error).toMatchObject({ code: "TOKEN_REFUSED", retryable: false, failureType: "config" });
      expect(error.message).toContain("Some responses from this URL accept the token, others reject it");
      expect(error.message).toContain("[api_auth] jwt_secret");
      expect(server.issued.size).toBeLessThan(6);
    },
  );

  test("reject a token that one of them accepted: the error says that, too", async () => {
    let turn = 0;
    const server = await serve((_, response) =>
      ++turn % 3 === 1 ? json(response, { version: "3.3.2" }) : json(response, { detail: "Invalid JWT token" }, 403),
    );
    const client = createAirflowClient({ url: server.url, auth: { token: "token-1" } });
    await client.GET(version);
    const error = await failure(client.GET(version), AirflowAuthError);
    expect(error.message).toContain("Some responses from this URL accept the token, others reject it");
    expect(turn).toBe(2);
  });
});
