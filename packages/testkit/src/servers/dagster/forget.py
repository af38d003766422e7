"""Deletes finished runs, as `DagsterInstance.delete_run` does. Argument: {"runs": int}. Prints {"deleted": int}."""

import json
import sys

from dagster import DagsterRunStatus, RunsFilter

from world import instance


def main(runs):
    dagster = instance()
    ended = RunsFilter(statuses=[DagsterRunStatus.SUCCESS])
    # Spread over the whole history.
    ids = dagster.run_storage.get_run_ids(ended)
    step = max(1, len(ids) // runs)
    chosen = ids[::step][:runs]
    for id in chosen:
        dagster.run_storage.delete_run(id)
    print(json.dumps({"deleted": len(chosen)}))


main(**json.loads(sys.argv[1]))
