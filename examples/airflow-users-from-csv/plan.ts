import { type User, users } from "@org/airflow-client";
import type { Rules } from "./rules.ts";

/** A row of the file. Columns other than these are ignored. */
export interface Row {
  readonly line: number;
  readonly username: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  /** Roles of this user only, separated by semicolons. */
  readonly roles: string;
  /** Of a new user. Without one, the user gets a random one that nobody knows. */
  readonly password: string;
}

/** What is to be done for a row. `reason` says what is wrong with it, and what to do. */
export type Step =
  | {
      readonly action: "create" | "update" | "keep";
      readonly row: Row;
      readonly username: string;
      readonly roles: string[];
    }
  | { readonly action: "reject"; readonly row: Row; readonly reason: string };

/** What the server has. */
export interface Server {
  readonly users: readonly User[];
  readonly roles: readonly string[];
}

/** What is to be done for each row. A run that stopped can be repeated: what is done already is kept. */
export function plan(rows: readonly Row[], rules: Rules, server: Server): Step[] {
  const byName = new Map(server.users.map((user) => [key(user.username), user]));
  const byEmail = new Map(server.users.map((user) => [key(user.email), user]));
  const lines = new Map<string, number>();

  return rows.map((row): Step => {
    const problem = problemOf(row, rules);
    if (problem) return { action: "reject", row, reason: problem };
    const username = users.sanitizeUsername(row.username);
    const roles = rolesOf(row, rules);
    const reason =
      twice(`the name ${username}`, key(username), row.line) ??
      twice(`the email address ${row.email}`, key(row.email), row.line) ??
      unknownRole(roles) ??
      takenBy(byEmail.get(key(row.email)), username);
    if (reason) return { action: "reject", row, reason };
    const user = byName.get(key(username));
    const action = user === undefined ? "create" : isSame(user, row, roles) ? "keep" : "update";
    return { action, row, username: user?.username ?? username, roles };
  });

  function twice(what: string, value: string, line: number): string | undefined {
    const first = lines.get(value);
    if (first === undefined) lines.set(value, line);
    else return `Line ${first} has ${what} already. Remove one of them, or give this one another.`;
    return undefined;
  }

  function unknownRole(roles: readonly string[]): string | undefined {
    if (roles.length === 0) return "No role fits. Write one in the column roles, or add a pattern to the rules.";
    const unknown = roles.filter((role) => !server.roles.includes(role));
    if (unknown.length === 0) return undefined;
    return `The server has no role ${unknown.join(", ")}. Create it, or use one of ${server.roles.join(", ")}.`;
  }
}

/** Names and addresses that differ only in case are the same to the server. */
const key = (text: string | null | undefined) => (text ?? "").toLowerCase();

function problemOf({ username, first_name, last_name, email }: Row, { slash }: Rules): string | undefined {
  const empty = Object.entries({ username, first_name, last_name, email }).find(([, value]) => value === "");
  if (empty) return `${empty[0]} is empty. Fill it in.`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  if (/[\u0000-\u001f\u007f]/.test(username)) return "The name has a control character. Type it again.";
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) return `${JSON.stringify(email)} is no email address. Correct it.`;
  if (!username.includes("/") || slash === "replace") return undefined;
  const name = JSON.stringify(users.sanitizeUsername(username));
  return `The name has a slash, which the rules reject. Write ${name}, or set "slash" to "replace".`;
}

function rolesOf({ username, email, roles }: Row, rules: Rules): string[] {
  const own = roles
    .split(";")
    .map((role) => role.trim())
    .filter((role) => role !== "");
  if (own.length > 0) return [...new Set(own)].sort();
  const fitting = rules.roles.filter(({ pattern }) => pattern.test(username) || pattern.test(email));
  return [...new Set(fitting.flatMap((rule) => rule.roles))].sort();
}

function takenBy(user: User | undefined, username: string): string | undefined {
  if (user === undefined || key(user.username) === key(username)) return undefined;
  const way = user.username?.includes("/") ? "Delete that user in Airflow's pages" : "Change or delete that user";
  return `The email address belongs to ${JSON.stringify(user.username)}. ${way}, or use another address.`;
}

function isSame(user: User, { first_name, last_name, email }: Row, roles: readonly string[]): boolean {
  const has = (user.roles ?? []).map(({ name }) => name).sort();
  const isSamePerson = user.first_name === first_name && user.last_name === last_name && key(user.email) === key(email);
  return isSamePerson && JSON.stringify(has) === JSON.stringify(roles);
}
