/** What a question found, in a form that all have in common. */
import type { AnswerRow, Question } from "./question.ts";
import { numberText } from "./words.ts";

export interface Finding {
  /** 3 is critical, 2 is broken, 1 is worse than before. */
  readonly severity: 1 | 2 | 3;
  /** The question that found it. */
  readonly kind: string;
  readonly orchestrator: string;
  readonly pipeline: string;
  readonly name: string;
  readonly task: string | null;
  readonly run_id: string | null;
  /** As UTC text; null if unknown. */
  readonly since: string | null;
  readonly what: string;
  readonly value: number | null;
  readonly normal: number | null;
  /** The unit of both numbers. */
  readonly unit: string;
}

/** A row of a question's answer. */
export type Row<Q> = Q extends Question<infer _P, infer C> ? AnswerRow<C> : never;

/** Undefined for a row that needs no attention. */
export type Found = Omit<Finding, "kind"> | undefined;

/** What a finding leaves out. */
export const unknown = { task: null, run_id: null, since: null, normal: null };

export const lengthText = (seconds: number) => numberText(seconds, "s");
