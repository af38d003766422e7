"""dlt's rest_api source: runs and task instances by the server's cursor, which is its fastest documented paginator here.

The tries of task instances would be a request for each of them, since a child resource cannot select its parents, so they
are left out, as in the configurations that people publish.
"""

import json
import os
import resource
import sys
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt  # noqa: E402
from dlt.sources.helpers import requests as dlt_requests  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

url, folder = sys.argv[1:]
token = dlt_requests.post(f"{url}/auth/token", json={"username": "admin", "password": "admin"}).json()["access_token"]
count = 0


def counted(response, *args, **kwargs):
    global count
    count += 1
    return response


def listing(name, path, selector, key):
    return {
        "name": name,
        "primary_key": key,
        "write_disposition": "merge",
        "endpoint": {
            "path": path,
            "params": {"limit": 100, "order_by": "id", "cursor": ""},
            "data_selector": selector,
            "paginator": {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"},
            "response_actions": [counted],
        },
    }


source = rest_api_source(
    {
        "client": {"base_url": f"{url}/api/v2/", "auth": {"type": "bearer", "token": token}},
        "resources": [
            listing("runs", "dags/~/dagRuns", "dag_runs", ["dag_id", "dag_run_id"]),
            listing("attempts", "dags/~/dagRuns/~/taskInstances", "task_instances", ["id"]),
        ],
    }
)
pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=f"{folder}/dlt",
    destination=dlt.destinations.duckdb(f"{folder}/dlt.duckdb"),
    dataset_name="airflow",
)
begun = time.monotonic()
before = resource.getrusage(resource.RUSAGE_SELF)
pipeline.run(source)
after = resource.getrusage(resource.RUSAGE_SELF)
measured = {
    "ms": (time.monotonic() - begun) * 1000,
    "cpuMs": (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000,
    "mb": after.ru_maxrss / 1024,
    "requests": count,
}
with pipeline.sql_client() as client:
    runs = client.execute_sql("select dag_id, dag_run_id, state from runs")
    columns = "dag_id, dag_run_id, task_id, map_index, try_number, state"
    attempts = client.execute_sql(f"select {columns} from attempts")
with open(f"{folder}/dlt.json", "w") as file:
    json.dump({"runs": runs, "attempts": attempts}, file)
print(json.dumps(measured))
