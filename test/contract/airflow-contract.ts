import { airflowErrorCases } from "./airflow-errors.ts";
import { airflowFurtherCases } from "./airflow-further.ts";
import { airflowListCases } from "./airflow-lists.ts";
import { airflowPagingCases } from "./airflow-paging.ts";
import { airflowShapeCases } from "./airflow-shapes.ts";
import type { AirflowTarget } from "./airflow-target.ts";
import type { ContractCase } from "./request.ts";

export type { AirflowTarget } from "./airflow-target.ts";

/** The Airflow behavior that the sync relies on. */
export const airflowContract: readonly ContractCase<AirflowTarget>[] = [
  ...airflowShapeCases,
  ...airflowPagingCases,
  ...airflowListCases,
  ...airflowErrorCases,
  ...airflowFurtherCases,
];
