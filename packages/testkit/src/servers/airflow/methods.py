"""DAGs for the client's methods: one that speaks, one that fails once, one that makes an asset, one that waits for it."""

import time
from datetime import datetime, timedelta

from airflow.sdk import DAG, Asset, task

started = datetime(2026, 1, 1)
report = Asset("report", uri="file://report")

with DAG("speaks", schedule=None, start_date=started, tags=["methods"], params={"lines": 5}):

    @task
    def say(**context):
        for number in range(context["params"]["lines"]):
            print(f"line {number}", flush=True)
            time.sleep(1)
        return {"said": context["params"]["lines"]}

    say()

with DAG("fails_first", schedule=None, start_date=started, tags=["methods"]):

    @task
    def once(**context):
        if context["ti"].try_number == 1:
            raise RuntimeError("the first time it fails")

    once()

with DAG("makes_report", schedule=None, start_date=started, tags=["methods"]):

    @task(outlets=[report])
    def make():
        pass

    make()

with DAG("reads_report", schedule=[report, Asset("another", uri="file://another")], start_date=started, tags=["methods"]):

    @task
    def read():
        pass

    read()

with DAG("daily", schedule=timedelta(days=1), start_date=started, tags=["methods"], catchup=False, max_active_runs=2):

    @task
    def nothing():
        pass

    nothing()
