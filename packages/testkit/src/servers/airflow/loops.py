"""Tasks in loops (Airflow 3.4): plain and mapped ones, with retries that end an iteration late, and beside them mapped
tasks that are in none. Every attempt takes a moment; how it ends follows from its number and its iteration."""

from datetime import timedelta

from airflow.sdk import DAG, LoopDecision, task, task_group
from pendulum import datetime

settings = {
    "start_date": datetime(2026, 1, 1),
    "catchup": False,
    "is_paused_upon_creation": False,
    "default_args": {"retry_delay": timedelta(seconds=1)},
}

with DAG("rounds", schedule=None, **settings):

    @task_group
    def round():
        @task(retries=1)
        def work(*, loop, ti):
            """The second iteration fails once; cleared, again."""
            if loop.index == 1 and ti.try_number % 2:
                raise ValueError("the second iteration fails at first")
            return loop.index

        @task
        def check(number):
            return number

        check(work())

    def enough(*, loop):
        return LoopDecision(stop=loop.index == 2, reason="three are enough")

    @task
    def before():
        pass

    @task
    def after():
        pass

    before() >> round.loop(max_iterations=5, until=enough) >> after()

with DAG("mapped_rounds", schedule=None, **settings):

    @task_group
    def batch():
        @task
        def choose(*, loop):
            return [1, 2] if loop.index == 0 else [1, 2, 3]

        @task(retries=1)
        def process(number, *, loop, ti):
            if loop.index == 0 and number == 2 and ti.try_number % 2:
                raise ValueError("the second part of the first iteration fails at first")
            return number

        process.expand(number=choose())

    batch.loop(max_iterations=2)

with DAG("mapped_only", schedule=None, **settings):

    @task(retries=1)
    def part(number, ti=None):
        if number == 1 and ti.try_number % 2:
            raise ValueError("part 1 fails at first")

    part.expand(number=[0, 1, 2])

with DAG("daily_rounds", schedule=timedelta(days=1), max_active_runs=2, **settings):

    @task_group
    def day():
        @task
        def count(*, loop):
            return loop.index

        count()

    day.loop(max_iterations=2)
