/** Tables of what an Airflow server has that is not synced. None of them has the value of a variable, connection or XCom. */
import { defineTable } from "@org/destination";
import { NO_INDEX, NO_REGION } from "../keys.ts";

export const poolsTable = defineTable({
  name: "airflow_pools",
  description: "The pools of an Airflow deployment.",
  primaryKey: ["name"],
  columns: {
    name: { type: "string", description: "Name of the pool." },
    slots: { type: "int64", description: "Number of its slots; -1 means unlimited." },
    include_deferred: { type: "boolean", description: "Whether deferred task instances take slots." },
    description: { type: "string", nullable: true, description: "Description of the pool." },
    team_name: {
      type: "string",
      nullable: true,
      description: "Team that owns it, if there are teams. Null before Airflow 3.2.",
    },
  },
});

export const dagSourcesTable = defineTable({
  name: "airflow_dag_sources",
  description: "The source code of each DAG's latest version, as the server stores it.",
  primaryKey: ["dag_id"],
  columns: {
    dag_id: { type: "string", description: "DAG identifier." },
    version_number: { type: "int64", nullable: true, description: "Number of the DAG version." },
    content: { type: "string", nullable: true, description: "Text of the file that defines the DAG." },
  },
});

export const xcomsTable = defineTable({
  name: "airflow_xcoms",
  description: "The keys of the XComs of an Airflow deployment, without their values.",
  primaryKey: ["dag_id", "dag_run_id", "task_id", "map_index", "region_id", "region_index", "key"],
  datedBy: ["timestamp"],
  columns: {
    dag_id: { type: "string", description: "DAG identifier." },
    dag_run_id: { type: "string", description: "Run identifier, unique within the DAG." },
    task_id: { type: "string", description: "Task identifier, unique within the DAG." },
    map_index: { type: "int64", description: "Index of the mapped task instance, -1 for others." },
    region_id: {
      type: "string",
      default: NO_REGION,
      description: "Loop or expansion that the task instance belongs to. Empty if there is none.",
    },
    region_index: { type: "int64", default: NO_INDEX, description: "Index in it; -1 if there is none." },
    key: { type: "string", description: "Key of the XCom; return_value for what a task returned." },
    timestamp: { type: "timestamp", description: "When it was stored." },
  },
});
