"""Location "a": most assets, every kind of schedule and sensor. Location "b" repeats some of its names."""

import dagster as dg

from older import automation_sensor, eager, schedule_of, sensor_of, specified


@dg.op
def work():
    return 1


@dg.job(description="Loads the day's files.")
def etl():
    work()


@dg.job
def report():
    work()


@dg.job(name="clean_up", tags={"team": "platform"})
def clean_up():
    work()


def make_asset(index):
    layer = ("raw", "staging", "marts", "default")[index % 4]
    name = f"table_{index:02d}"

    @dg.asset(
        key=dg.AssetKey(["warehouse", layer, name] if layer != "default" else [name]),
        group_name=layer,
        description=None if index % 3 == 0 else f"Table {index} of the {layer} layer.",
    )
    def table():
        return index

    return table


tables = [make_asset(index) for index in range(44)]

# Paths that a dotted, slashed or quoted text could not tell apart, or would sort or escape in another way than the server.
awkward = [
    dg.AssetSpec(dg.AssetKey(path), description=description, group_name="awkward")
    for path, description in [
        (["a", "b"], "Two parts."),
        (["a.b"], "One part with a dot."),
        (["a/b"], "One part with a slash."),
        (["äö", "x/y"], "Ümläute – and a slash.\n\nA second paragraph, with a 'quote' and a \"quote\"."),
        (["日本語", "表"], "説明 🎉"),
        (["UPPER", "z"], None),
        (["upper", "Z"], ""),
        (["with space", 'quote"d'], "A quote and a space in the key."),
        (["back\\slash", "tab\there"], "Escapes."),
        (["[brackets]"], "Looks like JSON."),
        (["null"], "Not null."),
        (["🎉"], "Outside the basic plane."),
    ]
]


@dg.asset(group_name="shared", description="Orders, as a makes them.")
def orders(): ...


@dg.asset(deps=["nobody_defines_this"], **eager())
def automated(): ...


@dg.observable_source_asset(group_name="shared", description="Seen, not made.")
def observed():
    return dg.DataVersion("1")


@dg.multi_asset(specs=[dg.AssetSpec("left", group_name="pair"), dg.AssetSpec("right", description="The other one.")])
def pair(): ...


# Here a makes nothing: b does, and its definition is the one that the server shows.
customers = dg.AssetSpec("customers", group_name="seen_from_a", description="Customers, as a sees them.")

refresh = dg.define_asset_job("refresh", selection=dg.AssetSelection.groups("raw", "staging"))

schedules = [
    dg.ScheduleDefinition(
        name="nightly",
        job=etl,
        cron_schedule="0 2 * * *",
        execution_timezone="Europe/Berlin",
        description="Loads the night's files.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    ),
    dg.ScheduleDefinition(name="twice_daily", job=etl, cron_schedule=["0 0 * * *", "0 12 * * *"]),
    dg.ScheduleDefinition(name="hourly", job=report, cron_schedule="@hourly", description="Ünïcode, \"quoted\" 🎉"),
    dg.ScheduleDefinition(
        name="refresh_raw",
        **schedule_of("refresh_raw", dg.AssetSelection.groups("raw")),
        cron_schedule="*/15 6-18 * * 1-5",
        execution_timezone="America/New_York",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    ),
    dg.ScheduleDefinition(name="weekly", job=refresh, cron_schedule="0 6 * * SUN", execution_timezone="Asia/Kathmandu"),
]


@dg.sensor(job=etl, default_status=dg.DefaultSensorStatus.RUNNING, description="Starts etl for each new file.")
def new_files(context):
    yield dg.SkipReason("nothing")


@dg.sensor(jobs=[report, etl], minimum_interval_seconds=120)
def two_jobs(context):
    yield dg.SkipReason("nothing")


@dg.sensor()
def without_job(context):
    yield dg.SkipReason("nothing")


@dg.sensor(**sensor_of(orders))
def targets_assets(context):
    yield dg.SkipReason("nothing")


@dg.asset_sensor(asset_key=dg.AssetKey("orders"), job=report, description="After each materialization of orders.")
def after_orders(context, event):
    yield dg.SkipReason("nothing")


@dg.multi_asset_sensor(monitored_assets=[dg.AssetKey("left"), dg.AssetKey("right")], job=report)
def after_pair(context):
    yield dg.SkipReason("nothing")


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING)
def tell_of_failures(context): ...


@dg.run_status_sensor(run_status=dg.DagsterRunStatus.SUCCESS, request_job=report)
def after_success(context): ...


automation = automation_sensor("automation", dg.AssetSelection.groups("marts"))

defs = dg.Definitions(
    assets=[*tables, *specified([*awkward, customers]), orders, automated, observed, pair],
    jobs=[etl, report, clean_up, refresh],
    schedules=schedules,
    sensors=[
        new_files,
        two_jobs,
        without_job,
        targets_assets,
        after_orders,
        after_pair,
        tell_of_failures,
        after_success,
        automation,
    ],
)
