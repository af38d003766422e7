"""Location "c": small, with two repositories; tests break and repair it."""

import dagster as dg


@dg.op
def work():
    return 3


@dg.job
def only_in_c():
    work()


@dg.asset(description="Defined in c only.", group_name="c")
def only_c(): ...


@dg.asset(description="Defined in c only, never materialized.")
def never_materialized_c(): ...


only_c_schedule = dg.ScheduleDefinition(
    name="only_c_schedule",
    job=only_in_c,
    cron_schedule="5 4 * * *",
    description="Defined in c only.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


@dg.sensor(job=only_in_c, description="Defined in c only.")
def only_c_sensor(context):
    yield dg.SkipReason("nothing")


@dg.repository
def first():
    return [only_in_c, only_c, never_materialized_c, only_c_schedule, only_c_sensor]


@dg.repository
def second():
    return [only_in_c, dg.ScheduleDefinition(name="only_c_schedule", job=only_in_c, cron_schedule="0 1 * * *")]
