/** What goes into the source of a task, and what comes out. */
import type { RetryConfig, Schedule } from "@org/runner";

/** How jobs are carried out. */
export type Operator = ProcessOperator | PodOperator;

/** By a process on the worker. */
export interface ProcessOperator {
  readonly kind: "process";
  /** Where jobs run on the workers. */
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

/** What a task's source needs to know. */
export interface TaskFacts {
  readonly schedule: Schedule;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Arguments of every operator: pool and retries. */
  readonly common: readonly string[];
  /** undefined where no exit code leads to a retry */
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
