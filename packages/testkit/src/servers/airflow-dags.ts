import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A task as declared in its file, and as the server copies it into each instance. */
export interface SeedTask {
  taskId: string;
  operator: string;
  /** Set for `@task` functions. The API shows it instead of `operator`. */
  customOperatorName?: string;
  displayName?: string;
  /** Number of mapped instances. Absent if not mapped. */
  mapped?: number;
  retries: number;
  pool: string;
  queue: string;
  priorityWeight: number;
}

/** A DAG of the seeded world. */
export interface SeedDag {
  dagId: string;
  index: number;
  tasks: SeedTask[];
  source: string;
}

const plain = { operator: "EmptyOperator", retries: 0, pool: "default_pool", queue: "default", priorityWeight: 1 };
const decorated = { ...plain, operator: "_PythonDecoratedOperator", customOperatorName: "@task" };

/** The shapes of DAGs. DAG n has shape n modulo 5. */
const shapes: { tasks: SeedTask[]; body: string }[] = [
  {
    tasks: ["extract", "transform", "load", "publish", "notify"].map((taskId) => ({ taskId, ...plain })),
    body: `[EmptyOperator(task_id=t) for t in ("extract", "transform", "load", "publish", "notify")]`,
  },
  {
    tasks: [
      { taskId: "list_files", ...plain },
      { taskId: "process", ...decorated, mapped: 5 },
      { taskId: "report", ...plain },
    ],
    body: `
    @task
    def process(number):
        return number

    EmptyOperator(task_id="list_files") >> process.expand(number=[0, 1, 2, 3, 4]) >> EmptyOperator(task_id="report")`,
  },
  {
    tasks: [
      { taskId: "fetch", ...decorated, retries: 3 },
      {
        taskId: "store",
        ...plain,
        operator: "BashOperator",
        retries: 2,
        pool: "small",
        queue: "high",
        priorityWeight: 7,
      },
      { taskId: "check", ...plain },
      { taskId: "report", ...plain, retries: 1 },
    ],
    body: `
    @task(retries=3)
    def fetch():
        return "fetched"

    store = BashOperator(task_id="store", bash_command="true", retries=2, pool="small", queue="high", priority_weight=7, owner="ops")
    fetch() >> store >> EmptyOperator(task_id="check") >> EmptyOperator(task_id="report", retries=1)`,
  },
  {
    tasks: ["start", "part_1", "part_2", "part_3", "part_4", "end"].map((taskId) => ({ taskId, ...plain })),
    body: `
    parts = [EmptyOperator(task_id=f"part_{n}") for n in range(1, 5)]
    EmptyOperator(task_id="start") >> parts >> EmptyOperator(task_id="end")`,
  },
  {
    tasks: [
      { taskId: "group.first", ...plain, displayName: "First step: é, 日本, 🚀" },
      { taskId: "group.second", ...plain, retries: 2 },
      { taskId: "dotted.name-with_all", ...plain },
      { taskId: "last", ...plain, displayName: "Last" },
    ],
    body: `
    with TaskGroup("group"):
        first = EmptyOperator(task_id="first", task_display_name="First step: é, 日本, 🚀")
        second = EmptyOperator(task_id="second", retries=2)
    other = EmptyOperator(task_id="dotted.name-with_all")
    first >> second >> other >> EmptyOperator(task_id="last", task_display_name="Last")`,
  },
];

const names = [
  "orders",
  "billing",
  "customers",
  "inventory",
  "marketing",
  "clicks",
  "weather",
  "finance",
  "reports",
  "ml",
];
const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"];
const schedules = [
  `"@daily"`,
  `"0 */6 * * *"`,
  "None",
  `"30 4 * * 1-5"`,
  "timedelta(hours=6, minutes=30)",
  `"@once"`,
  `"@hourly"`,
  `[Asset("s3://bucket/orders"), Asset("s3://bucket/clicks")]`,
];
const tagSets = ["[]", `["zeta", "alpha"]`, `["team:data"]`, `["with space", "with,comma", "ünï"]`];
const owners = [`"airflow"`, `"data-team"`, `"Zoë Ångström"`];

/** DAGs `from` to `from + count - 1`, each in its own file, since one bad file loses every DAG in it. */
export function seedDags(count: number, from = 0): SeedDag[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = from + offset;
    const shape = shapes[index % shapes.length]!;
    return { dagId: dagIdOf(index), index, tasks: shape.tasks, source: sourceOf(index, shape.body) };
  });
}

/** Writes the files, for the server to parse. */
export async function writeDagFiles(folder: string, dags: SeedDag[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(dags.map((dag) => writeFile(join(folder, fileNameOf(dag.index)), dag.source)));
}

/** The file name of DAG `index`. */
export function fileNameOf(index: number): string {
  return `dag_${String(index).padStart(3, "0")}.py`;
}

function dagIdOf(index: number): string {
  const name = `${names[index % names.length]}_${String(index).padStart(2, "0")}`;
  if (index % 11 === 4) return `team.${name}.v2`;
  if (index % 11 === 8) return `größe-${name}-日本`;
  return name;
}

function sourceOf(index: number, body: string): string {
  const zone = zones[index % zones.length]!;
  const settings = [
    `schedule=${schedules[index % schedules.length]}`,
    `start_date=datetime(2025, 1, 1, tz="${zone}")`,
    "catchup=False",
    `tags=${tagSets[index % tagSets.length]}`,
    `default_args={"owner": ${owners[index % owners.length]}}`,
    `max_active_runs=${1 + (index % 16)}`,
    `max_active_tasks=${4 + (index % 9)}`,
    `max_consecutive_failed_dag_runs=${index % 4 === 3 ? 5 : 0}`,
    `is_paused_upon_creation=${index % 3 === 0 ? "False" : "True"}`,
    ...(index % 4 === 1 ? [`description="Number ${index}: what it does, 'quoted' – and why"`] : []),
    ...(index % 6 === 2 ? [`dag_display_name="Display name №${index} 🚀"`] : []),
  ];
  return `from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, TaskGroup, task
from pendulum import datetime

with DAG("${dagIdOf(index)}", ${settings.join(", ")}):
    ${body.trimStart()}
`;
}
