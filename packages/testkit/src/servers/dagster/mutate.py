"""Changes what seed.py made, through Dagster's own code. Argument: {"seed": int, "round": int}. Prints counts."""

import json
import random
import sys
import time

from world import END, HOUR, finish, instance, materialize, new_runs, report


def main(seed, round):
    rng = random.Random(f"{seed}/{round}")
    dagster = instance()
    records = dagster.get_run_records(ascending=True)
    runs = [record.dagster_run for record in records]
    opened = [run for run in runs if run.status.value in ("STARTED", "QUEUED", "STARTING", "NOT_STARTED", "CANCELING")]
    finished = [run for run in runs if run.is_finished]
    now = time.time()

    made = new_runs(dagster, rng, round, 20)
    ended = rng.sample(opened, min(8, len(opened))) + made[:6]
    for index, run in enumerate(ended):
        finish(dagster, run, END[index % 3], now - 1 - index, None)
    # An event which the server learns of late: the run's update time is the event's, two hours ago.
    late = [run for run in opened if run not in ended][:1] + made[6:7]
    for run in late:
        finish(dagster, run, END[0], now - 3 * HOUR, now - 2 * HOUR)
    for run in made[7:10]:
        report(dagster, run, "PIPELINE_START")
    tagged = rng.sample(finished, min(3, len(finished)))
    for run in tagged:
        dagster.add_run_tags(run.run_id, {f"round/{round}": 'tägged "later"\n🎉', ".dagster/hidden": "yes"})

    paths = [["warehouse", "raw", f"table_{rng.randrange(0, 44, 4):02d}"], ["orders"], ["a", "b"], ["unknown", "key 1"]]
    paths += [["never seen", f"round {round}"], [f"round.{round}", "x/y"]]
    for index, path in enumerate(paths):
        materialize(dagster, path, made[0] if index % 2 else None)
    print(
        json.dumps(
            {
                "new": len(made),
                "finished": len(ended) + len(late),
                "started": 3,
                "tagged": len(tagged),
                "materialized": len(paths),
            }
        )
    )


main(**json.loads(sys.argv[1]))
