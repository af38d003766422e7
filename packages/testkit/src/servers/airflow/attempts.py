"""What a scheduler does to task instances, in DAGs whose every attempt takes a second or so.

How an attempt ends follows from its number, so that a task that is cleared does something else than before.
"""

from datetime import timedelta
from time import sleep

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseSensorOperator, get_current_context, task
from pendulum import datetime, now

soon = timedelta(seconds=1)
settings = {
    "schedule": None,
    "start_date": datetime(2025, 1, 1),
    "catchup": False,
    "is_paused_upon_creation": False,
    # What is cleared while it runs is tried again, retries or not.
    "default_args": {"retry_delay": soon},
}
# On a busy machine, people clear the others faster than they run: what is cleared seldom has its turn first.
first = settings | {"default_args": {"retry_delay": soon, "priority_weight": 10}}

with DAG("retries", **settings):

    @task(retries=3)
    def flaky(ti=None):
        """Fails twice, then succeeds; cleared, the same again."""
        if ti.try_number % 3:
            raise ValueError(f"attempt {ti.try_number} fails")

    @task(retries=1)
    def hopeless():
        raise ValueError("fails always")

    @task
    def after():
        pass

    flaky() >> after() >> hopeless()

with DAG("mapped", **settings):

    @task
    def list_parts(ti=None):
        """Another number of parts at each attempt."""
        return list(range([3, 1, 4, 0][(ti.try_number - 1) % 4]))

    @task(retries=1)
    def part(number, ti=None):
        if number == 1 and ti.try_number % 2:
            raise ValueError("part 1 fails at first")
        return number

    @task(trigger_rule="all_done")
    def collect():
        pass

    part.expand(number=list_parts()) >> collect()

with DAG("branches", **settings):

    @task.branch
    def choose(ti=None):
        """The other branch at each attempt."""
        return "left" if ti.try_number % 2 else "right"

    @task
    def left():
        pass

    @task
    def right():
        pass

    choose() >> [left(), right()]

with DAG("slow", **first):

    @task(retries=2)
    def linger():
        """Long enough to be cleared while it runs."""
        sleep(4)

    linger()


class Deferred(BaseSensorOperator):
    """Waits in the triggerer; its first attempt fails after that."""

    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(soon), method_name="resume")

    def resume(self, context, event=None):
        if context["ti"].try_number % 2:
            raise ValueError("fails after waiting")


with DAG("waits", **first):
    Deferred(task_id="deferred", retries=1)

    @task.sensor(poke_interval=1, timeout=60, mode="reschedule")
    def rescheduled(ti=None):
        """Is asked a few times, until two seconds after it was asked first."""
        first = ti.get_first_reschedule_date(get_current_context())
        return first is not None and now("UTC") - first > 2 * soon

    rescheduled()
