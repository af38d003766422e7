import { type Answer, jsonAnswer } from "../http/server.ts";

/** An answer that ends the handling of a request. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.body);
    this.answer = answer;
  }
}

export const detail = (status: number, message: unknown) => new Problem(jsonAnswer(status, { detail: message }));

/** What FastAPI says of an input that it does not accept. */
export function invalid(
  location: readonly (string | number)[],
  type: string,
  message: string,
  input: unknown,
  context?: object,
): Problem {
  return detail(422, [{ type, loc: location, msg: message, input, ...(context ? { ctx: context } : {}) }]);
}

/** A date without zone in a query reaches the database, which refuses it. */
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

/** Says loudly what the real server can and this one cannot, instead of answering as if it had not been asked. */
export const notSimulated = (what: string) =>
  detail(501, `The simulator does not know ${what}. Teach it, or leave it out.`);
