/** All questions, in the order in which they are listed. */
import type { Question } from "../question.ts";
import { flakyTasks } from "./flaky-tasks.ts";
import { successRate } from "./success-rate.ts";

export { flakyTasks, successRate };

// biome-ignore lint/suspicious/noExplicitAny: each has its own parameters and columns, and none of them matters to who lists them
export const questions: readonly Question<any, any>[] = [successRate, flakyTasks];
