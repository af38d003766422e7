"""Fills what the further streams read: ticks, events of assets, steps, executions of checks, backfills, pools, heartbeats.

Argument: {"round": int}, from 1. Prints what was written, by table.
"""

import json
import os
import random
import sys
import time

import dagster as dg
from dagster import AssetKey, AssetMaterialization, AssetObservation, DagsterEventType, DagsterRunStatus, RunsFilter
from dagster._core.definitions.selector import InstigatorSelector
from dagster._core.events import DagsterEvent
from dagster._core.execution.asset_backfill import AssetBackfillData
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.scheduler.instigation import InstigatorType, TickData, TickStatus
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo

from world import instance, make_run, report, run_id, send

try:
    from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation, AssetCheckEvaluationPlanned
except ImportError:  # 1.7 and 1.10
    from dagster._core.definitions.asset_check_evaluation import AssetCheckEvaluation, AssetCheckEvaluationPlanned
try:
    from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
except ImportError:  # 1.7 and 1.10
    from dagster._core.definitions.asset_graph_subset import AssetGraphSubset

DAY = 24 * 3600
WHY = SerializableErrorInfo("ValueError: the folder is gone\n", [], "ValueError", None, None)


@dg.asset(metadata={"team": "sales"})
def made(context):
    return dg.MaterializeResult(
        metadata={
            "rows": 3,
            "rate": 0.5,
            "big": dg.MetadataValue.int(2**40),
            "raw": {"a": [1, None]},
            "note": dg.MetadataValue.md("**ö**"),
        },
        tags={"dagster/data_version": "7"} if "tags" in dg.MaterializeResult.__annotations__ else None,
    )


@dg.asset(deps=[made], partitions_def=dg.StaticPartitionsDefinition(["asia", "europe"]))
def parted(context):
    context.log_event(AssetObservation("made", metadata={"seen": context.partition_key}))


@dg.asset_check(asset=made, description="Whether there are rows.")
def has_rows():
    return dg.AssetCheckResult(passed=True, metadata={"rows": 3}, description="three")


@dg.asset_check(asset=made)
def is_new():
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)


@dg.op(retry_policy=dg.RetryPolicy(max_retries=2))
def flaky(context):
    if context.retry_number < 1:
        raise ValueError("not yet")
    return 1


@dg.op
def fails(value):
    raise RuntimeError("on purpose")


@dg.op
def never(value): ...


@dg.job
def tried():
    never(fails(flaky()))


def selector_of(name):
    return InstigatorSelector(location_name="a", repository_name="__repository__", name=name).get_id()


def checks(dagster, round):
    """Executions of a check that a loaded location defines: ended ones, and one that its run has not ended."""
    key, name = AssetKey("orders"), "is_fresh"
    for run in dagster.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED], job_name="report")):
        report(dagster, run, "PIPELINE_FAILURE")
    open_run = make_run(run_id(random.Random(round)), "a", "report", "STARTED", {})
    dagster.run_storage.add_run(open_run)
    planned = DagsterEvent(
        event_type_value=DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
        job_name=open_run.job_name,
        event_specific_data=AssetCheckEvaluationPlanned(asset_key=key, check_name=name),
    )
    send(dagster, planned, open_run.run_id, None)
    for index in range(120 if round == 1 else 3):
        severity = dg.AssetCheckSeverity.WARN if index % 2 else dg.AssetCheckSeverity.ERROR
        more = {"description": "two days old", "metadata": {"days": dg.MetadataValue.int(2)}} if index % 3 else {"metadata": {}}
        dagster.report_runless_asset_event(
            AssetCheckEvaluation(asset_key=key, check_name=name, passed=index % 2 == 0, severity=severity, **more)
        )


def ticks(dagster, round):
    """Of a schedule late ones too, as after an outage: due long ago, evaluated now."""
    now = time.time()
    count = 0

    def add(name, kind, status, timestamp, **more):
        nonlocal count
        selector = selector_of(name)
        data = TickData(
            instigator_origin_id=f"origin-{name}",
            instigator_name=name,
            instigator_type=kind,
            status=status,
            timestamp=timestamp,
            end_timestamp=None if status == TickStatus.STARTED else timestamp + 0.25,
            selector_id=selector,
            **more,
        )
        count += 1
        return dagster.create_tick(data)

    open_before = os.path.join(os.environ["DAGSTER_HOME"], "open_tick")
    if os.path.exists(open_before):
        for tick in dagster.get_ticks("origin-nightly", selector_of("nightly")):
            if tick.status == TickStatus.STARTED:
                dagster.update_tick(tick.with_status(TickStatus.SUCCESS, end_timestamp=now))
    for index in range(130 if round == 1 else 3):
        skipped = index % 3 != 0
        add(
            "new_files",
            InstigatorType.SENSOR,
            TickStatus.SKIPPED if skipped else TickStatus.SUCCESS,
            now - (30 if round == 1 else 0.01) * index,
            skip_reason="no files" if skipped else None,
            cursor=str(round * 1000 - index),
            run_ids=[] if skipped else [f"run-{round}-{index}-b", f"run-{round}-{index}-a"],
            run_keys=[] if skipped else [f"key {index}"],
        )
    add("two_jobs", InstigatorType.SENSOR, TickStatus.FAILURE, now - 5, error=WHY)
    # Due before the last sync, evaluated after it.
    add("nightly", InstigatorType.SCHEDULE, TickStatus.SUCCESS, now - 5 * DAY + round * DAY / 2, run_ids=[])
    add("nightly", InstigatorType.SCHEDULE, TickStatus.STARTED, now - 5 * DAY + round * DAY / 2 + 3600)
    open(open_before, "w").close()
    return count


def backfills(dagster, round):
    made = 0
    if round > 1:
        for backfill in dagster.get_backfills():
            if backfill.status == BulkActionStatus.REQUESTED:
                changed = backfill.with_status(BulkActionStatus.CANCELED)
                if hasattr(changed, "with_end_timestamp"):
                    changed = changed.with_end_timestamp(time.time())
                dagster.update_backfill(changed)
    statuses = ["REQUESTED", "FAILED", "CANCELED", "COMPLETED"]
    # More than a page at first.
    for index in range(60 if round == 1 else 4):
        timestamp = time.time() - 1000 + index + 0.125
        nothing = AssetBackfillData.empty(AssetGraphSubset(), timestamp, dagster)
        status = statuses[index % 4]
        more = {"user": "ann"} if index % 2 else {}
        dagster.add_backfill(
            PartitionBackfill(
                backfill_id=f"b{round:02}{index:03}",
                status=BulkActionStatus(status),
                from_failure=index % 3 == 0,
                tags={"reason": "ö", **more},
                backfill_timestamp=timestamp,
                asset_backfill_data=nothing,
                asset_selection=[AssetKey(["orders"]), AssetKey("customers")],
                title=f"Again {index}" if index % 2 else None,
                description="For people." if index % 3 else None,
                error=WHY if status == "FAILED" else None,
            )
        )
        made += 1
    return made


def main(round):
    dagster = instance()
    dg.materialize([made, has_rows, is_new], instance=dagster)
    for key in ["asia", "europe"]:
        dg.materialize([made.to_source_asset() if hasattr(made, "to_source_asset") else made, parted], instance=dagster, partition_key=key, selection=[parted])
    tried.execute_in_process(instance=dagster, raise_on_error=False)
    events = 0
    for index in range(250 if round == 1 else 2):
        dagster.report_runless_asset_event(AssetMaterialization("orders", partition=f"p{index % 7}" if index % 2 else None, metadata={"n": index}))
        events += 1
    dagster.report_runless_asset_event(AssetObservation("orders", metadata={"n": round}))
    checks(dagster, round)
    storage = dagster.event_log_storage
    storage.set_concurrency_slots("database", 3)
    storage.set_concurrency_slots("api", 1)
    dagster.add_daemon_heartbeat(DaemonHeartbeat(time.time(), "SENSOR", "daemon", [WHY] if round == 1 else []))
    dagster.add_daemon_heartbeat(DaemonHeartbeat(time.time(), "SCHEDULER", "daemon", []))
    print(json.dumps({"ticks": ticks(dagster, round), "backfills": backfills(dagster, round), "events": events}))


main(**json.loads(sys.argv[1]))
