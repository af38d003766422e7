export { type Answer, answer, type Insights, type OpenOptions, openInsights } from "./answer.ts";
export type { Dialect } from "./dialect.ts";
export { InsightsError, type InsightsErrorCode } from "./errors.ts";
export { answerCsv, answerJson } from "./formats.ts";
export { type Day, type Micros, momentOf, type Window } from "./moments.ts";
export type { GivenParameters } from "./parameters.ts";
export {
  type AnswerColumn,
  type AnswerColumns,
  type AnswerRow,
  type Asking,
  type Chart,
  defineQuestion,
  type Parameter,
  type ParameterSet,
  type ParameterValues,
  type Question,
  type SqlRow,
} from "./question.ts";
export * from "./questions/index.ts";
export { checkParameters, checkScope, type Scope } from "./scope.ts";
export type { TableName } from "./tables.ts";
export { cellText, changeText, headOf, isNumeric, momentText, numberText, shownColumns } from "./words.ts";
