import type { Fault, SimulatedRequest } from "./faults.ts";

/** A simulated server's response. */
export interface Answer {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body: string;
}

/** @param clampPage the maximum number of rows, from a fault */
export type Handler = (request: SimulatedRequest, clampPage: number | undefined) => Answer | Promise<Answer>;

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

export function textAnswer(status: number, body: string): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}

export function htmlAnswer(): Answer {
  const body = "<!doctype html>\n<html><head><title>Sign in</title></head><body></body></html>";
  return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

/** The response of a fault that replaces the server's. */
export function answerOf(fault: Fault | undefined): Answer | undefined {
  if (fault?.html200) return htmlAnswer();
  if (fault?.status === undefined && fault?.body === undefined) return undefined;
  const status = fault.status ?? 200;
  const body = fault.body ?? { detail: "scripted fault" };
  return typeof body === "string" ? textAnswer(status, body) : jsonAnswer(status, body);
}

/** The body of a request as JSON; undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
