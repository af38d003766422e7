"""Location "methods": what the client's short methods are tried on. Everything in it really runs, in one process."""

import sys
import time
from pathlib import Path

import dagster as dg

days = dg.DailyPartitionsDefinition(start_date="2026-01-01", end_date="2026-01-05")
regions = dg.StaticPartitionsDefinition(["asia", "europe"])


columns = dg.TableSchema([dg.TableColumn("id", "int", constraints=dg.TableColumnConstraints(nullable=False))])


@dg.asset(
    group_name="sales",
    description="Orders of the day.",
    owners=["ann@example.com", "team:sales"],
    tags={"tier": "gold"},
    metadata={"dagster/column_schema": columns},
)
def orders(context):
    context.log.info("three orders")
    lineage = dg.TableColumnLineage({"id": [dg.TableColumnDep(dg.AssetKey(["shop", "carts"]), "cart_id")]})
    table = dg.MetadataValue.table([dg.TableRecord({"id": 7})], columns)
    plain = {"rows": 3, "rate": 0.5, "source": "shop", "whole": True, "raw": {"a": [1]}}
    return dg.MaterializeResult(metadata={**plain, "sample": table, "dagster/column_lineage": lineage})


@dg.asset_check(asset=orders, description="Whether they are of today.")
def is_fresh():
    severity = dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(passed=False, severity=severity, description="two days old", metadata={"days": 2})


@dg.asset(deps=[orders], key_prefix="reports", group_name="sales")
def summary(): ...


@dg.asset(partitions_def=days)
def daily(context):
    if context.partition_key == "2026-01-03":
        raise ValueError("no data for the third")


@dg.asset(partitions_def=dg.MultiPartitionsDefinition({"day": days, "region": regions}))
def by_region(context):
    context.log.info(str(sorted(context.partition_key.keys_by_dimension.items())))


@dg.op(config_schema={"greeting": str})
def greet(context):
    context.log.info(context.op_config["greeting"])
    print("said to stdout: ö")
    print("said to stderr", file=sys.stderr)


@dg.job(description="Says what it is told to.")
def speak():
    greet()


@dg.op
def first():
    return 1


@dg.op
def second(context, value):
    """Fails in the first run, and succeeds in any that comes after it."""
    mark = Path(context.instance.root_directory) / f"tried-{context.run.root_run_id or context.run_id}"
    if not mark.exists():
        mark.touch()
        try:
            raise ValueError("the disk is full")
        except ValueError as error:
            raise RuntimeError("could not write") from error


@dg.job
def fails_first():
    second(first())


@dg.job
def quick():
    first()


@dg.op
def sleep(context):
    context.log.info("sleeping")
    time.sleep(600)


@dg.job
def slow():
    sleep()


@dg.op
def load(context):
    context.log.info(context.partition_key)


@dg.job(partitions_def=days)
def load_day():
    load()


@dg.daily_partitioned_config(start_date="2026-01-01")
def greeting_of_the_day(start, _end):
    return {"ops": {"greet": {"config": {"greeting": f"good morning, {start:%A}"}}}}


@dg.job(config=greeting_of_the_day)
def speak_daily():
    greet()


@dg.op
def tell_dimensions(context):
    context.log.info(str(sorted(context.partition_key.keys_by_dimension.items())))


@dg.job(partitions_def=dg.MultiPartitionsDefinition({"day": days, "region": regions}))
def load_region():
    tell_dimensions()


@dg.schedule(job=speak, cron_schedule="* * * * *")
def every_minute():
    return dg.SkipReason("not now")


@dg.sensor(job=speak, minimum_interval_seconds=1)
def new_files(context):
    context.update_cursor("7")
    return dg.SkipReason("no files")


@dg.sensor(job=speak, minimum_interval_seconds=1)
def broken_sensor(context):
    raise ValueError("the folder is gone")


defs = dg.Definitions(
    assets=[orders, summary, daily, by_region],
    asset_checks=[is_fresh],
    jobs=[
        speak,
        speak_daily,
        fails_first,
        quick,
        slow,
        load_day,
        load_region,
        dg.define_asset_job("by_region_job", [by_region]),
    ],
    schedules=[every_minute],
    sensors=[new_files, broken_sensor],
    executor=dg.in_process_executor,
)
