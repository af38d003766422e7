/** Every resource by its name, one type for each, and the options of what creates or changes it. */
export type { Permission, Role, RoleOptions, User, UserChanges, UserOptions } from "./generated/fab.ts";
export type {
  Asset,
  AssetAlias,
  AssetEvent,
  AssetEventOptions,
  Backfill,
  BackfillDagRun,
  BackfillDate,
  BackfillOptions,
  Connection,
  ConnectionOptions,
  ConnectionTest,
  Dag,
  DagBundle,
  DagBundleDetails,
  DagBundleFile,
  DagDetails,
  DagRun,
  DagRunList,
  DagRunListBody,
  DagSource,
  DagStats,
  DagTag,
  DagVersion,
  DagWarning,
  EventLog,
  Health,
  ImportError,
  Job,
  Pool,
  PoolChanges,
  PoolOptions,
  QueuedAssetEvent,
  Task,
  TaskInstance,
  TaskInstanceAttempt,
  TaskInstanceList,
  TaskInstanceListBody,
  Variable,
  VersionInfo,
  XCom,
  XComValue,
} from "./generated/schema.ts";

import type { components } from "./generated/schema.ts";

/** The states of a run that this version knows. What a server returns may be another word. */
export type DagRunState = components["schemas"]["DagRunStateInput"];
/** The states of a task instance that this version knows. What a server returns may be another word. */
export type TaskInstanceState = components["schemas"]["TaskInstanceStateInput"];
