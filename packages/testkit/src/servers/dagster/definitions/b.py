"""Location "b": repeats names of jobs, schedules, sensors and assets of "a", with other content."""

import dagster as dg

from older import specified


@dg.op
def work():
    return 2


@dg.job
def etl():
    work()


@dg.job
def invoices():
    work()


parts = [
    dg.AssetSpec(["lake", f"part={index}", "file.parquet"], group_name="lake", description=f"Part {index}.")
    for index in range(12)
]

# a makes them: its definition is the one that the server shows.
orders = dg.AssetSpec("orders", group_name="seen_from_b", description="Orders, as b sees them.")


@dg.asset(group_name="crm", description="Customers, as b makes them.")
def customers(): ...


nightly = dg.ScheduleDefinition(name="nightly", job=etl, cron_schedule="30 3 * * *")
monthly = dg.ScheduleDefinition(
    name="monthly",
    job=invoices,
    cron_schedule="0 0 1 * *",
    execution_timezone="UTC",
    description="Writes the invoices.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


@dg.sensor(job=invoices)
def new_files(context):
    yield dg.SkipReason("nothing")


@dg.sensor(jobs=[etl, invoices], default_status=dg.DefaultSensorStatus.RUNNING)
def two_jobs(context):
    yield dg.SkipReason("nothing")


defs = dg.Definitions(
    assets=[*specified([*parts, orders]), customers],
    jobs=[etl, invoices],
    schedules=[nightly, monthly],
    sensors=[new_files, two_jobs],
)
