/** Input and output of the generators of tasks. */
import type { RetryConfig, Schedule } from "@org/runner";

/** How jobs are run. */
export type Operator = ProcessOperator | PodOperator;

/** By a process on the worker. */
export interface ProcessOperator {
  readonly kind: "process";
  /** The working directory on the workers. */
  readonly folder: string;
}

/** By a pod. */
export interface PodOperator {
  readonly kind: "kubernetes";
  readonly image: string;
  /** @default the operator's */
  readonly namespace: string | undefined;
  /** A secret whose entries become environment variables. */
  readonly secret: string | undefined;
}

/** Input of a generator. */
export interface TaskFacts {
  readonly schedule: Schedule;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Arguments of every operator: pool and retries. */
  readonly common: readonly string[];
  /** undefined if no exit code is retried */
  readonly retry: RetryConfig | undefined;
}

/** Lines of Python. */
export interface TaskSource {
  readonly imports: readonly string[];
  readonly constants: readonly string[];
  /** Classes, before the DAG. */
  readonly definitions: readonly string[];
  /** Within the DAG. */
  readonly body: readonly string[];
}
