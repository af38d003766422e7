/** Names that Airflow accepts. */
import { createHash } from "node:crypto";
import type { Schedule } from "@org/runner";
import { UsageError } from "../../errors.ts";
import { escaped } from "../../render/safe-output.ts";

/** Airflow's limits for tags and DAG ids, in characters. */
const MAX_TAG = 100;
const MAX_ID = 250;
/** The limit of a file name, in bytes. */
const MAX_FILE = 255;

/** The file of a schedule's DAG. */
export function fileNameOf(schedule: string): string {
  return `dagsync_${schedule}.py`;
}

/** The schedule of a DAG's file. */
export function scheduleOfFile(name: string): string {
  return name.slice("dagsync_".length, -".py".length);
}

/** @throws UsageError for a schedule's name that cannot be the id of a DAG */
export function checkDagId(name: string): void {
  const where = `Schedule "${escaped(name)}"`;
  if (!/^[\p{L}\p{N}_.-]+$/u.test(name)) {
    throw new UsageError(
      `${where}: its name cannot be the id of a DAG, which has letters, digits, dots, dashes and underscores only. Rename it.`,
    );
  }
  if ([...name].length > MAX_ID || Buffer.byteLength(fileNameOf(name)) > MAX_FILE) {
    throw new UsageError(`${where}: its name is too long for a file: at most ${MAX_FILE - 11} bytes. Shorten it.`);
  }
}

/** The DAG's tags. @throws UsageError for a tag that is too long */
export function tagsOf({ name, tags, job }: Schedule): readonly string[] {
  const own = Object.entries(tags).map(([key, value]) => `${key}:${value}`);
  const all = [
    "dagsync",
    ...(job.tenant === undefined ? [] : [`tenant:${job.tenant}`]),
    `connector:${job.connectorType}`,
    ...own,
  ];
  const long = all.find((tag) => [...tag].length > MAX_TAG);
  if (long === undefined) return [...new Set(all)];
  throw new UsageError(
    `Schedule "${escaped(name)}": the tag "${escaped([...long].slice(0, 30).join(""))}…" is longer than ${MAX_TAG} characters, Airflow's limit.`,
  );
}

/** The pool of a tenant's tasks. Each tenant has its own, whatever characters its name has. */
export function poolOf(tenant: string): string {
  if (/^[A-Za-z0-9_.-]{1,100}$/.test(tenant)) return `tenant_${tenant}`;
  const hash = createHash("sha256").update(tenant).digest("hex").slice(0, 12);
  return `tenant_${tenant.replace(/[^A-Za-z0-9_.-]+/g, "_").slice(0, 100)}~${hash}`;
}
