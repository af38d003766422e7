import { expect, test } from "vitest";
import { plan, type Row, type Step } from "./plan.ts";
import { parseRules } from "./rules.ts";

const rules = parseRules(
  JSON.stringify({
    slash: "replace",
    roles: [
      { pattern: "^finance/", roles: ["Viewer"] },
      { pattern: "@data\\.example\\.com$", roles: ["User", "Viewer"] },
    ],
  }),
);
const server = { users: [], roles: ["Admin", "Op", "User", "Viewer"] };
const row = (more: Partial<Row>): Row => ({
  ...{ line: 2, username: "ann", first_name: "Ann", last_name: "Other", email: "ann@data.example.com" },
  ...{ roles: "", password: "" },
  ...more,
});
const existing = (more: object = {}) => ({
  ...{ username: "ann", first_name: "Ann", last_name: "Other", email: "ann@data.example.com" },
  roles: [{ name: "Viewer" }, { name: "User" }],
  ...more,
});
const reasons = (steps: readonly Step[]) => steps.map((step) => (step.action === "reject" ? step.reason : step.action));

test("a slash is replaced, or rejected with the name to write instead", () => {
  const rows = [row({ username: "finance/ann", email: "ann@example.com" })];
  expect(plan(rows, rules, server)).toMatchObject([{ action: "create", username: "finance_ann", roles: ["Viewer"] }]);
  expect(reasons(plan(rows, { ...rules, slash: "reject" }, server))).toEqual([
    'The name has a slash, which the rules reject. Write "finance_ann", or set "slash" to "replace".',
  ]);
});

test("roles come from all patterns that fit, or from the row alone", () => {
  const roles = (more: Partial<Row>) => plan([row(more)], rules, server).map((step) => "roles" in step && step.roles);
  expect(roles({ username: "finance/ann" })).toEqual([["User", "Viewer"]]);
  expect(roles({ roles: " Op; Admin;Op" })).toEqual([["Admin", "Op"]]);
  const wrong = [row({ email: "ann@example.com" }), row({ line: 3, username: "b", email: "b@x.org", roles: "Boss" })];
  expect(reasons(plan(wrong, rules, server))).toEqual([
    "No role fits. Write one in the column roles, or add a pattern to the rules.",
    "The server has no role Boss. Create it, or use one of Admin, Op, User, Viewer.",
  ]);
});

test("who is there already is kept, whatever the order of the roles, and updated if something differs", () => {
  const action = (user: object) => reasons(plan([row({})], rules, { ...server, users: [user as never] }));
  expect(action(existing())).toEqual(["keep"]);
  expect(action(existing({ username: "Ann", email: "ANN@data.example.com" }))).toEqual(["keep"]);
  expect(action(existing({ last_name: "New" }))).toEqual(["update"]);
  expect(action(existing({ roles: [{ name: "User" }] }))).toEqual(["update"]);
});

test("an address of somebody else is rejected, with what to do about a name that the API cannot change", () => {
  const action = (username: string) =>
    reasons(plan([row({})], rules, { ...server, users: [existing({ username })] as never }));
  expect(action("bob")).toEqual([
    'The email address belongs to "bob". Change or delete that user, or use another address.',
  ]);
  expect(action("x/ann")).toEqual([
    'The email address belongs to "x/ann". Delete that user in Airflow\'s pages, or use another address.',
  ]);
});

test("two rows for one name or address: the first counts, and the second names its line", () => {
  const rows = [
    row({ username: "finance/ann" }),
    row({ line: 3, username: "Finance_Ann", email: "other@data.example.com" }),
    row({ line: 4, username: "bob", email: "ANN@data.example.com" }),
  ];
  expect(reasons(plan(rows, rules, server))).toEqual([
    "create",
    "Line 2 has the name Finance_Ann already. Remove one of them, or give this one another.",
    "Line 2 has the email address ANN@data.example.com already. Remove one of them, or give this one another.",
  ]);
});

test("a row that is not filled in says what is missing", () => {
  const rows = [row({ first_name: "" }), row({ line: 3, email: "ann" }), row({ line: 4, username: "an\u0007n" })];
  expect(reasons(plan(rows, rules, server))).toEqual([
    "first_name is empty. Fill it in.",
    '"ann" is no email address. Correct it.',
    "The name has a control character. Type it again.",
  ]);
});

test("mistakes in the rules are named", () => {
  const cases: [object, string][] = [
    [{ slash: "keep", roles: [] }, 'The rules need "slash": "replace" or "reject".'],
    [{ slash: "reject" }, 'The rules need "roles": a list of'],
    [{ slash: "reject", roles: [{ pattern: "a" }] }, 'Entry 1 of "roles" in the rules must be'],
    [{ slash: "reject", roles: [], role: [] }, 'The rules have an unknown key "role".'],
  ];
  for (const [given, message] of cases) expect(() => parseRules(JSON.stringify(given))).toThrow(message);
});
