"""Fills a new Dagster home with runs, written as rows, and materializations, reported as events.

Argument: {"seed": int, "runs": int, "timezone": str}, the last the database's. Prints what was written: {"runs": int, "statuses": {…}, "materializations": int, …}.
"""

import json
import random
import sys
import time
from collections import Counter
from datetime import datetime, timedelta, timezone as fixed_zone

from dagster import AssetKey, AssetObservation, DagsterRunStatus
from dagster._core.events import DagsterEvent
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable
from dagster._serdes import serialize_value

from world import JOBS, SENSORS, instance, make_run, materialize, offset_of, run_id

UTC = fixed_zone.utc
FINISHED = {"SUCCESS": 60, "FAILURE": 18, "CANCELED": 6}
# Everything else that this version of Dagster knows: SUSPENDED, which nothing writes yet, included.
OPEN = {status.value: 2 for status in DagsterRunStatus if status.value not in FINISHED}
STARTED = {"STARTED", "SUSPENDED", "CANCELING"}
AWKWARD_TAGS = {
    "quoted": "it's \"quoted\" \\ and `ticked`",
    "lines": "first\nsecond\r\n\tthird",
    "emoji 🎉": "日本語 👩‍👩‍👧 ünïcode",
    "empty": "",
    "json": '{"a": [1, null]}',
    "null": "null",
    "dagster/partition": "2024-02-29",
    ".dagster/grpc_info": '{"host": "localhost"}',
    ".dagster/scheduled_execution_time": "2024-02-29T00:00:00+00:00",
}


def moments(rng, runs, now):
    """When each run was created, and whether it shares all its times with others."""
    for index in range(runs):
        if index < runs // 10:
            yield now - timedelta(days=rng.uniform(200, 1800)), False
        elif index < runs // 10 + 250:
            yield now - timedelta(days=100), True
        elif index >= runs - 30:
            yield now - timedelta(seconds=rng.uniform(1800, 4 * 3600)), False
        else:
            yield now - timedelta(seconds=rng.uniform(900, 120 * 86400)), False


def tags_of(rng, index, location, status):
    tags = {}
    if index % 7 == 0:
        tags |= dict(rng.sample(sorted(AWKWARD_TAGS.items()), 4))
    if index % 50 == 0:
        tags |= AWKWARD_TAGS
    if location:
        tags["dagster/code_location"] = location
        # MANAGED belongs to another control plane: no sensor of ours launched it.
        if index % 4 == 1 and status != "MANAGED":
            tags["dagster/sensor_name"] = rng.choice([*SENSORS[location], "deleted_sensor"])
    return tags


def row_of(run, created, shared, rng):
    """The run's row as the events of its life would have left it."""
    status = run.status.value
    start = created + timedelta(microseconds=10**6 if shared else rng.randrange(10**6, 90 * 10**6))
    end = start + timedelta(microseconds=10**6 if shared else rng.randrange(1, 600 * 10**6))
    times = {"start_time": None, "end_time": None, "update_timestamp": created.replace(microsecond=0)}
    if status in FINISHED:
        times = {"start_time": start.timestamp(), "end_time": end.timestamp(), "update_timestamp": end}
        if status == "CANCELED" and rng.random() < 0.4 or status == "FAILURE" and rng.random() < 0.1:
            times["start_time"] = None  # ended before it began
        if not shared and rng.random() < 0.1:
            times["update_timestamp"] = end + timedelta(seconds=rng.uniform(1, 800))  # tagged later
    elif status in STARTED:
        times = {"start_time": start.timestamp(), "end_time": None, "update_timestamp": start}
    return {
        "run_id": run.run_id,
        "pipeline_name": run.job_name,
        "status": status,
        "run_body": serialize_value(run),
        "create_timestamp": created.replace(tzinfo=None),
        **times,
        "update_timestamp": times["update_timestamp"].replace(tzinfo=None),
    }


def make_runs(rng, count, now):
    """The runs with their rows, in the order in which they are inserted: nearly, but not quite, that of their creation."""
    weights = {**FINISHED, **OPEN}
    # The first ones make sure of every status, however few runs there are.
    statuses = [status for status in weights for _ in range(4)]
    statuses += rng.choices(list(weights), list(weights.values()), k=count - len(statuses))
    runs, rows = [], []
    for index, (status, (created, shared)) in enumerate(zip(statuses, moments(rng, count, now))):
        # Dagster queues no run whose code location it does not know.
        location = None if index % 40 == 39 and status != "QUEUED" else rng.choice(["a", "a", "b"])
        job = rng.choice(JOBS[location or "a"])
        parent = rng.choice(runs[-50:]) if runs and index % 11 == 0 else None
        root = parent and (parent.root_run_id or parent.run_id)
        id = run_id(rng)
        tags = tags_of(rng, index, location, status)
        if parent:
            tags |= {"dagster/parent_run_id": parent.run_id, "dagster/root_run_id": root}
        runs.append(make_run(id, location, job, status, tags, parent.run_id if parent else None, root))
        rows.append(row_of(runs[-1], created, shared, rng))
    order = sorted(range(count), key=lambda index: rows[index]["create_timestamp"].timestamp() + rng.uniform(0, 3600))
    return [runs[index] for index in order], [rows[index] for index in order]


def hand_made(rows):
    """Rows that no ordinary life leaves behind; the server's rules for them are in truth.py, run_times."""
    finished = [row for row in rows if row["status"] == "SUCCESS" and row["start_time"]]
    # Older versions wrote the times of events as they were: finer than a microsecond.
    for row, fraction in zip(finished[:3], (0.1234564, 0.9999997, 0.3748453)):
        row["start_time"] = int(row["start_time"]) + fraction
    # No times in the row: from the event log where it has them, otherwise none.
    without = finished[3:8] + [row for row in rows if row["status"] == "STARTED"][-2:]
    for row in without:
        row["start_time"] = row["end_time"] = None
    return [row["run_id"] for row in without[:3] + without[5:6]]


def insert(dagster, runs, rows, timezone):
    # A database that is not in UTC writes its own wall time, without saying so. The offset of today, all year round: see
    # world.py, offset_of.
    offset = offset_of(timezone)
    for row in rows:
        row["create_timestamp"] += offset
        row["update_timestamp"] += offset
    with dagster.run_storage.connect() as connection:
        connection.execute(RunsTable.insert(), rows)
        tags = [
            {"run_id": run.run_id, "key": key, "value": value}
            for run in runs
            for key, value in run.tags_for_storage().items()
        ]
        connection.execute(RunTagsTable.insert(), tags)


def log_times(dagster, runs, ids, now):
    """Puts the events of a run into the event log only, as when a process died before it wrote the row."""
    for run in (run for run in runs if run.run_id in ids):
        names = ["PIPELINE_START"] if run.status.value == "STARTED" else ["PIPELINE_START", "PIPELINE_SUCCESS"]
        for step, name in enumerate(names):
            entry = EventLogEntry(
                error_info=None,
                level=20,
                user_message="",
                run_id=run.run_id,
                timestamp=now.timestamp() - 5000 + 10.25 * step,
                job_name=run.job_name,
                dagster_event=DagsterEvent(event_type_value=name, job_name=run.job_name, message=name),
            )
            dagster.event_log_storage.store_event(entry)


def materializations(dagster, runs, rng, now):
    """Defined assets and unknown ones, by runs and from outside, some twice (the later report wins, not the later time)."""
    makers = [run for run in runs if run.status.value == "SUCCESS"][-6:]
    defined = [["warehouse", "raw", f"table_{index:02d}"] for index in range(0, 44, 4)]
    defined += [["a", "b"], ["a.b"], ["a/b"], ["äö", "x/y"], ["日本語", "表"], ["with space", 'quote"d'], ["orders"]]
    defined += [["customers"], ["[brackets]"], ["🎉"], ["back\\slash", "tab\there"], ["lake", "part=3", "file.parquet"]]
    unknown = [["unknown", f"key {index}"] for index in range(12)] + [["a", "b", "c"], ["Zoë/2", "x.y"], ["UPPER"]]
    count = 0
    for index, path in enumerate(defined + unknown):
        run = makers[index % len(makers)] if index % 3 else None
        old = now.timestamp() - rng.uniform(3600, 40 * 86400)
        materialize(dagster, path, run, old if index % 4 else None)
        count += 1
        if index % 5 == 0:
            materialize(dagster, path, makers[0], old - 86400)
            count += 1
    materialize(dagster, ["only_c"])
    dagster.report_runless_asset_event(AssetObservation(AssetKey(["observed"])))
    # Only observed, neither defined nor ever materialized: no row of the table of assets.
    dagster.report_runless_asset_event(AssetObservation(AssetKey(["only", "observed"])))
    return {"materializations": count + 1, "unknown_assets": len(unknown)}


def main(seed, runs, timezone):
    started = time.time()
    rng = random.Random(seed)
    now = datetime.now(UTC)
    dagster = instance()
    made, rows = make_runs(rng, runs, now)
    logged = hand_made(rows)
    insert(dagster, made, rows, timezone)
    log_times(dagster, made, set(logged), now)
    counts = materializations(dagster, made, rng, now)
    statuses = dict(sorted(Counter(row["status"] for row in rows).items()))
    print(json.dumps({"runs": runs, "statuses": statuses, **counts, "seconds": round(time.time() - started, 1)}))


main(**json.loads(sys.argv[1]))
