import type { Target } from "../contender.ts";

export interface AirflowTarget extends Target {
  readonly username: string;
  readonly password: string;
}

/** A token for those that send requests without a client. */
export async function tokenOf({ url, username, password }: AirflowTarget): Promise<string> {
  const response = await fetch(`${url}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  const { access_token } = (await response.json()) as { readonly access_token: string };
  return access_token;
}
