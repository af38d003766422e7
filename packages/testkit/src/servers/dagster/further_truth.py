"""Prints what the tables of the further streams have to hold, as JSON: from the databases of a server with SQLite, and from
its definitions, not from its API.

Argument: {"locations": […]}. Samples and what only the server's memory holds (when a location was loaded) are left out.
"""

import json
import os
import sqlite3
import sys
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal
from importlib.metadata import version

import dagster
from dagster import AssetKey
from dagster._core.events import DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.scheduler.instigation import TickData
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage  # noqa: F401
from dagster._serdes import deserialize_value

from definitions_of import IS_OLD, definitions_of_assets, repositories, snaps

try:
    from dagster._core.execution.stats import build_run_step_stats_from_events as step_stats
except ImportError:
    from dagster._core.execution.plan.objects import build_run_step_stats_from_events as step_stats

HOME = os.environ["DAGSTER_HOME"]
OLD_CHECKS = tuple(int(part) for part in dagster.__version__.split(".")[:2]) < (1, 13)
MICROSECOND = Decimal("0.000001")


def rows(database, query, parameters=()):
    path = os.path.join(HOME, database)
    if not os.path.exists(path):
        return []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(query, parameters).fetchall()
    finally:
        connection.close()


def moment(seconds):
    if seconds is None:
        return None
    exact = Decimal(seconds).quantize(MICROSECOND, ROUND_HALF_UP)
    whole = int(exact // 1)
    found = datetime.fromtimestamp(whole, timezone.utc).replace(microsecond=int((exact - whole) / MICROSECOND))
    return found.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def compact(path):
    return json.dumps(list(path), separators=(",", ":"), ensure_ascii=False)


def problem(error):
    """An exception's message and those of its causes."""
    texts = []
    while error:
        texts.append(error.message.strip())
        error = error.cause
    return "\n".join(texts) or None


def read_ticks(instigators):
    for row in rows("schedules/schedules.db", "SELECT id, selector_id, tick_body FROM job_ticks"):
        data = deserialize_value(row["tick_body"], TickData)
        where = instigators.get(row["selector_id"])
        if where is None:
            continue
        kind, name, repository, location = where
        yield {
            "instigator_id": row["selector_id"],
            "tick_id": str(row["id"]),
            "instigator_type": kind,
            "instigator_name": name,
            "repository": repository,
            "code_location": location,
            "status": data.status.value,
            "timestamp": moment(round(data.timestamp, 6)),
            "end_timestamp": moment(data.end_timestamp),
            "run_ids": sorted(data.run_ids),
            "run_keys": list(data.run_keys),
            "skip_reason": data.skip_reason,
            "cursor": data.cursor,
            "error": problem(data.error),
        }


def plain(value):
    """What the table holds of a metadata value."""
    kind = type(value).__name__
    if kind == "JsonMetadataValue":
        return value.data
    return value.value


def metadata(values):
    return {label: plain(value) for label, value in values.items()}


TYPES = {"ASSET_MATERIALIZATION": "MATERIALIZATION", "ASSET_OBSERVATION": "OBSERVATION"}


def read_events():
    query = """SELECT asset_key, event FROM event_logs WHERE asset_key IS NOT NULL
               AND dagster_event_type IN ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION') ORDER BY id"""
    counts = {}
    for row in rows("history/runs/index.db", query):
        entry = deserialize_value(row["event"], EventLogEntry)
        event = entry.dagster_event
        data = event.event_specific_data
        about = data.materialization if event.is_step_materialization else data.asset_observation
        key = {
            "asset_id": compact(AssetKey.from_db_string(row["asset_key"]).path),
            "event_type": TYPES[event.event_type_value],
            # dagster_graphql/implementation/events.py: str(int(timestamp * 1000)).
            "timestamp": moment(Decimal(int(entry.timestamp * 1000)) / 1000),
            "run_id": entry.run_id,
            "partition": about.partition or "",
        }
        number = counts[tuple(key.values())] = counts.get(tuple(key.values()), -1) + 1
        yield {
            **key,
            "number": number,
            "step_key": entry.step_key,
            "description": about.description,
            "metadata": metadata(about.metadata),
            "tags": dict(about.tags or {}),
            "failure_type": None,
            "failure_reason": None,
        }


def read_steps():
    ended = "SELECT run_id FROM runs WHERE status IN ('SUCCESS', 'FAILURE', 'CANCELED')"
    for (run_id,) in map(tuple, rows("history/runs.db", ended)):
        query = "SELECT event FROM event_logs WHERE run_id = ? ORDER BY id"
        found = rows(f"history/runs/{run_id}.db", query, (run_id,))
        entries = [deserialize_value(row["event"], EventLogEntry) for row in found]
        for stats in step_stats(run_id, [entry for entry in entries if entry.is_dagster_event]):
            yield {
                "run_id": run_id,
                "step_key": stats.step_key,
                "status": stats.status.value if stats.status else None,
                "start_time": moment(stats.start_time),
                "end_time": moment(stats.end_time),
                "attempts": len(stats.attempts_list),
                "attempt_times": [{"start": one.start_time, "end": one.end_time} for one in stats.attempts_list],
                "materialization_count": len(stats.materialization_events),
            }


def resolved(status, run_id):
    """dagster/_core/storage/asset_check_execution_record.py, resolve_status: what became of a planned one is its run's."""
    if status != "PLANNED":
        return status
    found = rows("history/runs.db", "SELECT status FROM runs WHERE run_id = ?", (run_id,))
    run = found[0]["status"] if found else None
    if run is None or run == "FAILURE":
        return "EXECUTION_FAILED"
    return "SKIPPED" if run in ("SUCCESS", "CANCELED") else "IN_PROGRESS"


def read_checks(defined):
    names = "SELECT id, asset_key, check_name, run_id, execution_status, evaluation_event, create_timestamp"
    more = "" if OLD_CHECKS else ", partition"
    for row in rows("history/runs/index.db", f"{names}{more} FROM asset_check_executions"):
        path = tuple(AssetKey.from_db_string(row["asset_key"]).path)
        if (path, row["check_name"]) not in defined:
            continue
        entry = row["evaluation_event"] and deserialize_value(row["evaluation_event"], EventLogEntry)
        isResult = entry and entry.dagster_event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION
        result = entry.dagster_event.event_specific_data if isResult else None
        target = result.target_materialization_data if result else None
        created = datetime.fromisoformat(row["create_timestamp"]).replace(tzinfo=timezone.utc)
        yield {
            "asset_id": compact(path),
            "check_name": row["check_name"],
            "execution_id": str(row["id"]),
            "status": resolved(row["execution_status"], row["run_id"]),
            "severity": result.severity.value if result else None,
            "timestamp": moment(Decimal(created.timestamp())),
            "evaluated_at": moment(entry.timestamp) if result else None,
            "run_id": row["run_id"] or None,
            "step_key": entry.step_key if entry else None,
            "partition": None if OLD_CHECKS else row["partition"],
            "description": result.description if result else None,
            "metadata": metadata(result.metadata) if result else {},
            "materialization_run_id": target.run_id or None if target else None,
            "materialization_time": moment(target.timestamp) if target else None,
        }


def read_backfills():
    for row in rows("history/runs.db", "SELECT body FROM bulk_actions"):
        body = deserialize_value(row["body"], PartitionBackfill)
        assets = body.asset_selection
        yield {
            "id": body.backfill_id,
            "status": body.status.value,
            "is_asset_backfill": body.is_asset_backfill,
            "partition_set_name": body.partition_set_name,
            "asset_ids": sorted(compact(key.path) for key in assets) if assets else None,
            "creation_time": moment(body.backfill_timestamp),
            "end_time": moment(getattr(body, "backfill_end_timestamp", None)),
            "title": body.title,
            "description": body.description,
            "user": (body.tags or {}).get("user"),
            "from_failure": body.from_failure,
            "tags": dict(body.tags or {}),
            "error": problem(body.error),
        }


def read_edges(found):
    for path, (_, location, repository, node) in definitions_of_assets(found).items():
        edges = node.dependencies if IS_OLD else node.parent_edges
        upstream = [(edge.upstream_asset_key if IS_OLD else edge.parent_asset_key).path for edge in edges]
        kinds = None if IS_OLD else sorted(tag.split("/", 2)[2] for tag in (node.tags or {}) if tag.startswith("dagster/kind/"))
        if kinds == [] and node.compute_kind:
            kinds = [node.compute_kind]
        for key in {compact(path) for path in upstream} or {""}:
            yield {
                "asset_id": compact(path),
                "upstream_id": key,
                "owners": list(node.owners or []),
                "kinds": kinds,
                "is_partitioned": (node.partitions_def_data if IS_OLD else node.partitions) is not None,
                "is_executable": node.is_executable,
                "job_names": sorted(node.job_names or []),
                "repository": repository,
                "code_location": location,
            }


def read_locations(locations):
    libraries = ["dagster", "dagster-shared"]
    for location in locations:
        whole = os.path.join(HOME, "definitions", f"{location}.py.whole")
        yield {"name": location, "load_status": "FAILED" if os.path.exists(whole) else "LOADED"}


def main(locations):
    found = list(repositories(locations))
    instigators, checks = {}, set()
    from dagster._core.definitions.selector import InstigatorSelector

    for location, repository in found:
        for kind, names in (("SCHEDULE", ("schedules", "external_schedule_datas")), ("SENSOR", ("sensors", "external_sensor_datas"))):
            for snap in snaps(repository, *names):
                id = InstigatorSelector(location_name=location, repository_name=repository.name, name=snap.name).get_id()
                instigators[id] = (kind, snap.name, repository.name, location)
        for check in snaps(repository, "asset_check_nodes", "external_asset_checks") or []:
            checks.add((tuple(check.asset_key.path), check.name))
    truth = {
        "dagster_ticks": list(read_ticks(instigators)),
        "dagster_materializations": list(read_events()),
        "dagster_steps": list(read_steps()),
        "dagster_asset_checks": list(read_checks(checks)),
        "dagster_code_locations": list(read_locations(locations)),
        "dagster_backfills": list(read_backfills()),
        "dagster_asset_edges": list(read_edges(found)),
    }
    print(json.dumps(truth))


main(**json.loads(sys.argv[1]))
