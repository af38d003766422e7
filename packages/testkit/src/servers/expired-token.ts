import { createHmac } from "node:crypto";

/** A valid token of the admin that expired an hour ago. */
export function expiredToken(secret: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sub: "admin",
    role: "ADMIN",
    aud: "apache-airflow",
    iat: now - 7200,
    nbf: now - 7200,
    exp: now - 3600,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${encode({ alg: "HS512", typ: "JWT" })}.${encode(claims)}`;
  return `${body}.${createHmac("sha512", secret).update(body).digest("base64url")}`;
}
