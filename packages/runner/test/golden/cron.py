"""Prints when Dagster or Airflow would run the expressions in cases.json, as JSON. Run it with either one's Python."""

import json
import sys
from datetime import datetime, timedelta, timezone

cases = json.load(open(sys.argv[1]))


def dagster_moments(expression, zone, start, end):
    from dagster._utils.schedules import schedule_execution_time_iterator

    for moment in schedule_execution_time_iterator(start.timestamp(), expression, zone):
        if moment.timestamp() > end.timestamp():
            return
        yield moment


def airflow_moments(expression, zone, start, end):
    import pendulum
    from airflow.timetables.base import TimeRestriction
    from airflow.timetables.trigger import CronTriggerTimetable

    timetable = CronTriggerTimetable(expression, timezone=zone)
    restriction = TimeRestriction(earliest=pendulum.instance(start), latest=None, catchup=True)
    previous = None
    while True:
        info = timetable.next_dagrun_info(last_automated_data_interval=previous, restriction=restriction)
        if info.run_after > end:
            return
        yield info.run_after
        previous = info.data_interval


def moments(expression, zone, start, end):
    """Minutes after the start."""
    try:
        found = find(expression, zone, start, end)
        return [round((moment.timestamp() - start.timestamp()) / 60) for moment in found]
    except Exception as error:
        return type(error).__name__


try:
    import dagster

    find, version = dagster_moments, dagster.__version__
except ImportError:
    import airflow

    find, version = airflow_moments, airflow.__version__

answers = []
for case in cases:
    start = datetime.fromisoformat(case["from"])
    end = start + timedelta(hours=case["hours"])
    answers.append([moments(expression, case["zone"], start, end) for expression in case["expressions"]])
print(json.dumps({"version": version, "answers": answers}))
