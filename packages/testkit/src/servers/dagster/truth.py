"""Prints what the four tables have to hold, as JSON: from this server's databases and definitions, not from its API.

Where Dagster's API shows something else than what is stored, the rule is quoted here with the place in Dagster's code.
"""

import json
import os
import sqlite3
import sys
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

import dagster
from dagster import AssetKey, DagsterRun, EventLogRecord
from dagster._core.definitions.selector import InstigatorSelector
from dagster._core.events.log import EventLogEntry
from dagster._serdes import deserialize_value

from definitions_of import IS_OLD, definitions_of_assets, repositories, snaps
from world import offset_of

HOME = os.environ["DAGSTER_HOME"]
# dagster_graphql/schema/pipelines/pipeline.py, GrapheneAsset.resolve_assetMaterializations: of an asset that nobody
# defines, 1.7 and 1.10 look into the event log, where 1.13 has what is kept with the key.
LOGS_TELL = tuple(int(part) for part in dagster.__version__.split(".")[:2]) < (1, 13)
MICROSECOND = Decimal("0.000001")
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}
# dagster_graphql/schema/pipelines/pipeline.py, STARTED_STATUSES.
BEGUN = {"STARTED", "SUSPENDED", *FINISHED}
# dagster/_core/storage/dagster_run.py, NOT_FINISHED_STATUSES.
IN_PROGRESS = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "SUSPENDED", "CANCELING"}


# Where Dagster's tables are all in one PostgreSQL: its address, and how far it is ahead of UTC.
postgres = None
offset = timedelta(0)


def rows(database, query, parameters=()):
    """
    Reads a SQLite file of the home; no rows where it does not exist, which for an event log means no events. Where there
    is a PostgreSQL, everything is in there.
    """
    if postgres:
        import psycopg2
        from psycopg2.extras import DictCursor

        with psycopg2.connect(postgres, cursor_factory=DictCursor) as connection, connection.cursor() as cursor:
            cursor.execute(query.replace("%", "%%").replace("?", "%s"), parameters)
            return cursor.fetchall()
    path = os.path.join(HOME, database)
    if not os.path.exists(path):
        return []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(query, parameters).fetchall()
    finally:
        connection.close()


def of_seconds(seconds):
    """The microsecond nearest to a float."""
    if seconds is None:
        return None
    exact = Decimal(seconds).quantize(MICROSECOND, ROUND_HALF_UP)
    whole = int(exact // 1)
    moment = datetime.fromtimestamp(whole, timezone.utc).replace(microsecond=int((exact - whole) / MICROSECOND))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def of_column(value, ahead=None):
    """A timestamp column: the database's own time, without zone, with or without a fraction."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (moment - (offset if ahead is None else ahead)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def logged_times(run_id):
    """Start and end of a run by its event log: dagster/_core/storage/event_log/sql_event_log.py, get_stats_for_run.

    It takes the database's time for UTC, and nothing in the answer tells that these two are not true.
    """
    query = """SELECT dagster_event_type AS type, max(timestamp) AS time FROM event_logs WHERE run_id = ?
               AND dagster_event_type LIKE 'PIPELINE_%' GROUP BY dagster_event_type"""
    times = {row["type"]: row["time"] for row in rows(f"history/runs/{run_id}.db", query, (run_id,))}
    ends = [times.get(f"PIPELINE_{end}") for end in ("SUCCESS", "FAILURE", "CANCELED")]
    return of_column(times.get("PIPELINE_START"), timedelta(0)), of_column(
        next((end for end in ends if end), None), timedelta(0)
    )


def run_times(row):
    """Start and end as the API has them: dagster_graphql/schema/pipelines/pipeline.py, resolve_startTime, resolve_endTime.

    A run that ended before it began has its end as its start. Where a row has no time that its status calls for, the
    event log is asked.
    """
    start, end = of_seconds(row["start_time"]), of_seconds(row["end_time"])
    status = row["status"]
    logged_start = logged_end = None
    if (start is None and end is None and status in BEGUN) or (end is None and status in FINISHED):
        logged_start, logged_end = logged_times(row["run_id"])
    if start is None and status in BEGUN:
        start = end or logged_start or logged_end
    if end is None and status in FINISHED:
        end = logged_end
    return start, end


def read_runs():
    result = []
    for row in rows("history/runs.db", "SELECT * FROM runs ORDER BY id"):
        body = deserialize_value(row["run_body"], DagsterRun)
        start, end = run_times(row)
        # 1.7 calls it external.
        origin = body.remote_job_origin if hasattr(body, "remote_job_origin") else body.external_job_origin
        place = origin and origin.repository_origin
        result.append(
            {
                "run_id": row["run_id"],
                "pipeline_name": row["pipeline_name"],
                "status": row["status"],
                "mode": "default",
                "start_time": start,
                "end_time": end,
                "update_time": of_column(row["update_timestamp"]),
                "tags": {key: value for key, value in body.tags.items() if not key.startswith(".dagster/")},
                "creation_time": of_column(row["create_timestamp"]) if not IS_OLD else None,
                "root_run_id": body.root_run_id,
                "parent_run_id": body.parent_run_id,
                "repository": place.repository_name if place else None,
                "code_location": place.code_location_origin.location_name if place else None,
            }
        )
    return result


def last_materializations():
    """The last one reported for each key, whatever its time, unless the key was wiped since.

    It is kept with the key: it stays there when the run that reported it is deleted, with all its events.
    """
    query = "SELECT asset_key, last_materialization, asset_details FROM asset_keys WHERE last_materialization IS NOT NULL"
    for row in rows("history/runs/index.db", query):
        entry = deserialize_value(row["last_materialization"], EventLogRecord).event_log_entry
        wiped = json.loads(row["asset_details"] or "{}").get("last_wipe_timestamp")
        if wiped and entry.timestamp <= wiped:
            continue
        # dagster_graphql/implementation/events.py: int(event_record.timestamp * 1000).
        milliseconds = int(entry.timestamp * 1000)
        yield tuple(AssetKey.from_db_string(row["asset_key"]).path), (entry.run_id or None, milliseconds)


def logged_materializations():
    """The last one in the event log for each key, which goes with the run that reported it."""
    query = "SELECT asset_key, event FROM event_logs WHERE dagster_event_type = 'ASSET_MATERIALIZATION' ORDER BY id"
    for row in rows("history/runs/index.db", query):
        entry = deserialize_value(row["event"], EventLogEntry)
        yield tuple(AssetKey.from_db_string(row["asset_key"]).path), (entry.run_id or None, int(entry.timestamp * 1000))


def read_assets(found):
    defined = definitions_of_assets(found)
    materialized = dict(last_materializations())
    if LOGS_TELL:
        known = {path: last for path, last in materialized.items() if path in defined}
        materialized = dict(logged_materializations()) | known
    result = []
    for path in sorted(defined.keys() | materialized.keys()):
        run_id, milliseconds = materialized.get(path, (None, None))
        _, location, repository, node = defined.get(path, (None, None, None, None))
        result.append(
            {
                "id": json.dumps(path, separators=(",", ":"), ensure_ascii=False),
                "key_path": ".".join(path),
                "description": getattr(node, "op_description" if IS_OLD else "description") if node else None,
                "last_materialization_run_id": run_id,
                "last_materialization_time": milliseconds and of_seconds(Decimal(milliseconds) / 1000),
                "group_name": (node.group_name or "default") if node else None,
                "repository": repository,
                "code_location": location,
            }
        )
    return result


def instigator(location, repository, snap, stored):
    """What schedules and sensors share.

    dagster/_core/remote_representation/external.py, get_current_instigator_state: what a person set wins over the
    default in the code, and a state that the code once declared counts only while it still does.
    """
    id = InstigatorSelector(
        location_name=location, repository_name=repository.name, name=snap.name
    ).get_id()
    declared = bool(snap.default_status) and snap.default_status.value == "RUNNING"
    state = stored.get(id)
    running = state == "RUNNING" or (declared and state in (None, "DECLARED_IN_CODE"))
    return {
        "id": id,
        "name": snap.name,
        "status": "RUNNING" if running else "STOPPED",
        "description": snap.description,
        "repository": repository.name,
        "code_location": location,
    }


def read_schedules(found, stored):
    for location, repository in found:
        for snap in snaps(repository, "schedules", "external_schedule_datas"):
            row = instigator(location, repository, snap, stored)
            yield {
                **row,
                "cron_schedule": str(snap.cron_schedule),
                "pipeline_name": snap.job_name,
                "running_count": 1 if row["status"] == "RUNNING" else 0,
                "execution_timezone": snap.execution_timezone or "UTC",
            }


def read_sensors(found, stored, runs):
    launched = {}
    for run in runs:
        if run["status"] in IN_PROGRESS and "dagster/sensor_name" in run["tags"]:
            key = (run["code_location"], run["repository"], run["tags"]["dagster/sensor_name"])
            launched.setdefault(key, []).append(run["run_id"])
    for location, repository in found:
        for snap in snaps(repository, "sensors", "external_sensor_datas"):
            targets = list(snap.target_dict.values())
            yield {
                **instigator(location, repository, snap, stored),
                "sensor_type": snap.sensor_type.name,
                "pipeline_name": targets[0].job_name if targets else None,
                "active_run_ids": sorted(launched.get((location, repository.name, snap.name), [])),
            }


def main(locations, database):
    global postgres, offset
    postgres, offset = database["url"], offset_of(database["timezone"])
    found = list(repositories(locations))
    stored = dict(map(tuple, rows("schedules/schedules.db", "SELECT selector_id, status FROM instigators")))
    runs = read_runs()
    truth = {
        "dagster_runs": runs,
        "dagster_assets": read_assets(found),
        "dagster_schedules": list(read_schedules(found, stored)),
        "dagster_sensors": list(read_sensors(found, stored, runs)),
    }
    print(json.dumps(truth))


main(**json.loads(sys.argv[1]))
