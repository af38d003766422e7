"""DAGs for calling every operation: tasks of every kind, a question to a person, assets and an alias, a DAG to delete."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Asset, AssetAlias, task, task_group

try:
    from airflow.providers.standard.operators.hitl import HITLOperator
except Exception:  # Airflow 3.0 cannot ask people.
    HITLOperator = None

started = datetime(2026, 1, 1)
wanted = Asset("wanted", uri="file://wanted")

with DAG("operations", schedule=None, start_date=started, params={"lines": 1}, tags=["tagged"]):

    @task(outlets=[AssetAlias("alias")])
    def say(**context):
        print("said")
        return {"said": context["params"]["lines"]}

    @task
    def each(number: int):
        return number

    @task_group
    def group():
        @task
        def inner():
            pass

        inner()

    say() >> each.expand(number=[1, 2]) >> group()
    if HITLOperator:
        HITLOperator(task_id="ask", subject="Go on?", options=["yes", "no"])

with DAG("wants", schedule=[wanted, Asset("unmade", uri="file://unmade")], start_date=started):

    @task(outlets=[Asset("made", uri="file://made")])
    def want():
        pass

    want()

with DAG("backfilled", schedule=timedelta(days=1), start_date=started, catchup=False):

    @task
    def fill():
        pass

    fill()

with DAG("doomed", schedule=None, start_date=started):

    @task
    def end():
        pass

    end()
