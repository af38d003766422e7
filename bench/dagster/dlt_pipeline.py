"""dlt's rest_api source, posting GraphQL: runs by the server's cursor in the body, then one request for each of the others.

dlt has no GraphQL source. Its documentation pages such APIs as here, by `cursor_body_path`.
"""

import json
import os
import resource
import sys
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

url, folder = sys.argv[1:]
count = 0

RUNS = """query Runs($cursor: String) { runsOrError(limit: 100, cursor: $cursor) { ... on Runs { results {
  runId jobName status startTime endTime updateTime creationTime rootRunId parentRunId tags { key value }
  repositoryOrigin { repositoryName repositoryLocationName } } } } }"""
ASSETS = """{ assetsOrError { ... on AssetConnection { nodes { key { path }
  definition { description groupName repository { name location { name } } }
  assetMaterializations(limit: 1) { runId timestamp } } } } }"""
INSTIGATORS = """{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name }
  schedules { name cronSchedule pipelineName executionTimezone scheduleState { status } }
  sensors { name sensorType sensorState { status } } } } } }"""


def counted(response, *args, **kwargs):
    global count
    count += 1
    return response


def query(name, document, selector, paginator, **resource):
    return {
        "name": name,
        "endpoint": {
            "path": "graphql",
            "method": "POST",
            # dlt would take single braces for its own expressions.
            "json": {"query": document.replace("{", "{{").replace("}", "}}"), "variables": {}},
            "data_selector": selector,
            "paginator": paginator,
            "response_actions": [counted],
        },
        **resource,
    }


def flat_asset(node):
    latest = node["assetMaterializations"]
    id = json.dumps(node["key"]["path"], ensure_ascii=False, separators=(",", ":"))
    return {**node, "id": id, "latest": latest[0]["timestamp"] if latest else None}


def flat_repository(node):
    return {**node, "schedules": json.dumps(node["schedules"]), "sensors": json.dumps(node["sensors"])}


runs = {
    "type": "cursor",
    "cursor_path": "data.runsOrError.results[-1:].runId",
    "cursor_body_path": "variables.cursor",
}
source = rest_api_source(
    {
        "client": {"base_url": url.removesuffix("graphql")},
        "resources": [
            query("runs", RUNS, "data.runsOrError.results", runs, primary_key="runId", write_disposition="merge"),
            query(
                "assets",
                ASSETS,
                "data.assetsOrError.nodes",
                "single_page",
                write_disposition="replace",
                processing_steps=[{"map": flat_asset}],
            ),
            query(
                "repositories",
                INSTIGATORS,
                "data.repositoriesOrError.nodes",
                "single_page",
                write_disposition="replace",
                processing_steps=[{"map": flat_repository}],
            ),
        ],
    }
)
pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=f"{folder}/dlt",
    destination=dlt.destinations.duckdb(f"{folder}/dlt.duckdb"),
    dataset_name="dagster",
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
    stored = {
        "runs": client.execute_sql("select run_id, status from runs"),
        "assets": [(id, latest and int(latest)) for id, latest in client.execute_sql("select id, latest from assets")],
        "schedules": [],
        "sensors": [],
    }
    for name, location, *lists in client.execute_sql("select name, location__name, schedules, sensors from repositories"):
        for table, state, items in zip(("schedules", "sensors"), ("scheduleState", "sensorState"), lists):
            stored[table] += [(location, name, item["name"], item[state]["status"]) for item in json.loads(items)]
with open(f"{folder}/dlt.json", "w") as file:
    json.dump(stored, file)
print(json.dumps(measured))
