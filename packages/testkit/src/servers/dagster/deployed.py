"""Executes jobs of a definitions file that was deployed, in this process, so that the server knows their runs.

Argument: {"file": path, "jobs": [name]}. Prints whether each succeeded, and its steps' events.
"""

import json
import os
import runpy
import sys

import dagster


def main(file, jobs):
    repository = runpy.run_path(file)["defs"].get_repository_def()
    dagster_instance = dagster.DagsterInstance.get()
    # What commands print is no part of the answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    ended = {}
    for name in jobs:
        result = repository.get_job(name).execute_in_process(instance=dagster_instance, raise_on_error=False)
        steps = [event.event_type_value for event in result.all_events if event.event_type_value.startswith("STEP_")]
        ended[name] = {"success": result.success, "steps": steps}
    print(json.dumps(ended))


main(**json.loads(sys.argv[1]))
