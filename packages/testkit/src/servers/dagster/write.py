"""Changes a server a little, again and again, beside a sync. What is there may go at any moment: others delete, too.

Argument: {"seed": int, "step": int, "actions": int, "only": [names] or null}. Prints how often each thing was done: {"added": 5, …}.
"""

import json
import random
import sys
import time
from collections import Counter

from dagster import DagsterRunStatus
from dagster._core.errors import DagsterRunNotFoundError
from dagster._core.storage.runs.schema import RunsTable
from sqlalchemy import select

from world import END, HOUR, finish, instance, materialize, new_runs, report

FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}
# MANAGED belongs to another control plane.
BEGINS = {"QUEUED", "NOT_STARTED", "STARTING"}
ENDS = {*BEGINS, "STARTED", "CANCELING"}
# So many of the newest runs count as new.
NEW = 40


class Hand:
    def __init__(self, seed, step):
        self.rng = random.Random(f"writer/{seed}/{step}")
        self.step = f"{seed}/{step}"
        self.dagster = instance()
        with self.dagster.run_storage.connect() as connection:
            query = select(RunsTable.c.run_id, RunsTable.c.status).order_by(RunsTable.c.id)
            self.runs = [tuple(row) for row in connection.execute(query)]

    def some(self, statuses, most, among=slice(None)):
        """A few of the runs that have one of these statuses, and are still there.

        By what each of them is now: an action before may have ended it, and one that ends twice, the second time with a
        time of long ago, leaves no trace that a sync could see at once.
        """
        ids = [id for id, status in self.runs[among] if status in statuses]
        picked = self.rng.sample(ids, min(self.rng.randint(1, most), len(ids)))
        found = [run for run in map(self.dagster.get_run_by_id, picked) if run]
        return [run for run in found if run.status.value in statuses]

    def end(self, runs, moment=None):
        for run in runs:
            finish(self.dagster, run, self.rng.choice(END), moment and moment - 60, moment)
        return len(runs)

    def delete(self, runs):
        for run in runs:
            self.dagster.delete_run(run.run_id)
        return len(runs)

    def add(self, most):
        return new_runs(self.dagster, self.rng, self.step, self.rng.randint(1, most))


def added(hand):
    return len(hand.add(6))


def begun(hand):
    runs = hand.some(BEGINS, 3)
    for run in runs:
        report(hand.dagster, run, "PIPELINE_START")
    return len(runs)


def ended(hand):
    return hand.end(hand.some(ENDS, 4))


def ended_two_hours_ago(hand):
    return hand.end(hand.some(ENDS, 2), time.time() - 2 * HOUR)


def ended_tomorrow(hand):
    return hand.end(hand.some(ENDS, 1), time.time() + 24 * HOUR)


def succeeded_late(hand):
    """Monitoring failed a run, and now its worker reports what became of it two hours ago. Only where it is asked for."""
    failed = hand.some({"FAILURE"}, 1, slice(0, -2 * NEW))
    for run in failed:
        report(hand.dagster, run, "PIPELINE_SUCCESS", time.time() - 2 * HOUR)
    return len(failed)


def born_and_ended_two_hours_ago(hand):
    return hand.end(hand.add(3), time.time() - 2 * HOUR)


def born_and_deleted(hand):
    return hand.delete(hand.add(2))


def old_deleted(hand):
    return hand.delete(hand.some({status.value for status in DagsterRunStatus}, 2, slice(0, -NEW)))


def new_deleted(hand):
    return hand.delete(hand.some({status.value for status in DagsterRunStatus}, 2, slice(-NEW, None)))


def tagged_long_after(hand):
    runs = hand.some(FINISHED, 4)
    for run in runs:
        hand.dagster.add_run_tags(run.run_id, {f"writer/{hand.rng.randrange(5)}": f'"{hand.step}" 🎉'})
    return len(runs)


def materialized(hand):
    table = ["warehouse", "raw", f"table_{hand.rng.randrange(0, 44, 4):02d}"]
    paths = [table, ["orders"], ["only_c"], ["unknown", f"key {hand.rng.randrange(12)}"]]
    path = hand.rng.choice([*paths, ["never seen", f"{hand.step}.{hand.rng.randrange(1000)}"]])
    makers = hand.some(FINISHED, 1) if hand.rng.random() < 0.5 else []
    materialize(hand.dagster, path, makers[0] if makers else None)
    return 1


def wiped(hand):
    keys = sorted(hand.dagster.all_asset_keys(), key=lambda key: key.path)
    hand.dagster.wipe_assets([hand.rng.choice(keys)])
    return 1


ACTIONS = {
    added: 5,
    begun: 2,
    ended: 3,
    ended_two_hours_ago: 2,
    ended_tomorrow: 1,
    born_and_ended_two_hours_ago: 2,
    born_and_deleted: 1,
    old_deleted: 2,
    new_deleted: 1,
    tagged_long_after: 5,
    materialized: 4,
    wiped: 1,
}
# Left out where nothing is asked for by name: no sync sees it at once.
TRACELESS = {succeeded_late: 1}


def main(seed, step, actions, only):
    hand = Hand(seed, step)
    done = Counter()
    known = {**ACTIONS, **TRACELESS} if only else ACTIONS
    allowed = [action for action in known if not only or action.__name__ in only]
    for action in hand.rng.choices(allowed, [known[action] for action in allowed], k=actions):
        try:
            done[action.__name__] += action(hand)
        except DagsterRunNotFoundError:
            done["refused"] += 1
    print(json.dumps(done))


main(**json.loads(sys.argv[1]))
