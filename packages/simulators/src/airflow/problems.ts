import { type Answer, jsonAnswer } from "../http/answer.ts";

/** A response that ends the handling of a request. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.body);
    this.answer = answer;
  }
}

export const detail = (status: number, message: unknown) => new Problem(jsonAnswer(status, { detail: message }));

/** FastAPI's response to an invalid input. */
export function invalid(
  location: readonly (string | number)[],
  type: string,
  message: string,
  input: unknown,
  context?: object,
): Problem {
  return detail(422, [{ type, loc: location, msg: message, input, ...(context ? { ctx: context } : {}) }]);
}

/** A date without time zone in a query reaches the database, which rejects it. */
export const databaseError = () =>
  detail(500, {
    reason: "Database error",
    statement: "hidden",
    orig_error: "hidden",
    message:
      "Serious error when handling your request. Check logs for more details - " +
      "you will find it in api server when you look for ID SIMULATE",
  });

export const dagNotFound = (dagId: string) => detail(404, `The Dag with ID: \`${dagId}\` was not found`);

/** Rejects explicitly what the real server supports and this one does not, instead of ignoring it. */
export const notSimulated = (what: string) =>
  detail(501, `The simulator does not know ${what}. Teach it, or leave it out.`);
