import type { Context } from "./context.ts";
import { attemptDocument } from "./documents.ts";
import { readNumber } from "./parameters.ts";
import { detail, invalid } from "./problems.ts";
import type { SimulatedTask } from "./records.ts";

/** What addresses a task instance besides its index, from 3.4 on. */
export const regionQuery = ["region_id", "region_index"];

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const nil = "00000000-0000-0000-0000-000000000000";

/** All attempts of one task instance. */
export function tries(context: Context) {
  const { version } = context.world;
  const task = taskOf(context);
  // Before 3.4 a row that waits for a retry only repeats the history.
  const isRepeated = version === "3.3" && task.state === "up_for_retry";
  const attempts = isRepeated ? task.history : [...task.history, task];
  const printed = attempts.map((attempt) => attemptDocument(task, attempt, version));
  printed.sort((a, b) => a.try_number - b.try_number);
  return { task_instances: printed, total_entries: printed.length };
}

/** @throws Problem 404, and 400 if a region is required to choose an instance */
function taskOf(context: Context): SimulatedTask {
  const { world, request, path } = context;
  const raw = path.map_index ?? request.query.get("map_index") ?? -1;
  const mapIndex = readNumber(raw, [path.map_index === undefined ? "query" : "path", "map_index"], -1);
  const run = world.dags.get(path.dag_id!)?.runs.get(path.dag_run_id!);
  const named = run?.tasks.filter(({ definition }) => definition.taskId === path.task_id) ?? [];
  const found = named.filter((task) => task.mapIndex === mapIndex);
  const region = regionOf(context);
  const fitting = region
    ? named.filter((task) => isIn(task, region) && (region.index !== undefined || task.mapIndex === mapIndex))
    : found;
  if (!region && (fitting.length > 1 || fitting.some(({ iteration }) => iteration !== null))) {
    throw detail(400, "Select a region and index for this task instance");
  }
  if (region?.index !== undefined && mapIndex !== -1 && mapIndex !== region.index) {
    throw detail(400, "map_index conflicts with region_index");
  }
  const [task] = fitting;
  if (task) return task;
  const which = `dag_id: \`${path.dag_id}\`, run_id: \`${path.dag_run_id}\`, task_id: \`${path.task_id}\``;
  throw detail(404, `The Task Instance with ${which} and map_index: \`${mapIndex}\` was not found`);
}

interface AskedRegion {
  readonly id: string;
  readonly index: number | undefined;
}

/** The region in a request. An older server ignores the parameters. */
function regionOf({ world, request: { query } }: Context): AskedRegion | undefined {
  if (world.version === "3.3") return undefined;
  const [id, index] = [query.get("region_id"), query.get("region_index")];
  if (id === null) {
    if (index !== null) throw detail(400, "region_index requires region_id");
    return undefined;
  }
  if (!uuid.test(id)) throw invalid(["query", "region_id"], "uuid_parsing", "Input should be a valid UUID", id);
  return { id, index: index === null ? undefined : readNumber(index, ["query", "region_index"], -1) };
}

function isIn(task: SimulatedTask, { id, index }: AskedRegion): boolean {
  return (task.region?.id ?? nil) === id && (index === undefined || task.regionIndex === index);
}
