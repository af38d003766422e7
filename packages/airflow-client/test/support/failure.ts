import { AirflowError } from "@org/airflow-client";

/** The AirflowError that a promise rejects with. */
export async function failure<T extends AirflowError = AirflowError>(
  work: Promise<unknown>,
  type?: abstract new (...parameters: never[]) => T,
): Promise<T> {
  const error = await work.then(
    () => new Error("It was expected to fail, and did not."),
    (reason: unknown) => reason,
  );
  if (error instanceof (type ?? AirflowError)) return error as T;
  throw error;
}
