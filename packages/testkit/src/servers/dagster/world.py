"""What seed.py, mutate.py and write.py share: the jobs of each location, run ids, runs, and events as Dagster itself reports them."""

import inspect
import os
import random
import time
import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from dagster import AssetKey, AssetMaterialization, DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

try:
    from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
    from dagster._core.remote_origin import (
        ManagedGrpcPythonEnvCodeLocationOrigin,
        RemoteJobOrigin,
        RemoteRepositoryOrigin,
    )
except ImportError:  # where 1.7 and 1.10 have them
    from dagster._core.instance import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
    from dagster._core.remote_representation.origin import (
        ManagedGrpcPythonEnvCodeLocationOrigin,
        RemoteJobOrigin,
        RemoteRepositoryOrigin,
    )

# 1.7 calls it external.
ORIGIN = next(name for name in inspect.signature(DagsterRun.__new__).parameters if name.endswith("_job_origin"))
HOME = os.environ["DAGSTER_HOME"]
JOBS = {"a": ["etl", "report", "clean_up", "refresh", "__ASSET_JOB"], "b": ["etl", "invoices"]}
END = ["PIPELINE_SUCCESS", "PIPELINE_FAILURE", "PIPELINE_CANCELED"]
HOUR = 3600
SENSORS = {"a": ["new_files", "two_jobs", "after_orders", "after_success"], "b": ["new_files", "two_jobs"]}


def instance():
    return DagsterInstance.get()


def offset_of(timezone):
    """
    How far a database in this zone is ahead of UTC today. The whole world is written in it, as if there were no
    daylight-saving time: a shown time alone does not tell on which side of a switch it is.
    """
    return datetime.now(ZoneInfo(timezone)).utcoffset()


def run_id(rng: random.Random):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def origin(location, job, repository="__repository__"):
    """As the server writes it when it launches a run: the run's repository and code location come from here."""
    target = LoadableTargetOrigin(
        python_file=os.path.join(HOME, "definitions", f"{location}.py"), working_directory=HOME
    )
    code = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=target, location_name=location)
    return RemoteJobOrigin(RemoteRepositoryOrigin(code, repository), job)


def make_run(id, location, job, status, tags, parent=None, root=None):
    """A run of a job; one without a location is of a server so old, or a script so simple, that nobody wrote it down."""
    return DagsterRun(
        job_name=job,
        run_id=id,
        status=DagsterRunStatus(status),
        tags=tags,
        parent_run_id=parent,
        root_run_id=root,
        **{ORIGIN: origin(location, job) if location else None},
    )


def report(dagster, run, event_type, timestamp=None):
    """Reports an event of a run as a run's process does; the run's row follows it."""
    send(dagster, DagsterEvent(event_type_value=event_type, job_name=run.job_name, message=event_type), run.run_id, timestamp)


def send(dagster, event, run_id, timestamp):
    """As DagsterInstance.report_dagster_event does; that of 1.7 takes no time."""
    entry = EventLogEntry(
        error_info=None,
        level=20,
        user_message="",
        run_id=run_id,
        timestamp=timestamp or time.time(),
        job_name=event.job_name,
        dagster_event=event,
    )
    dagster.handle_new_event(entry)


def new_runs(dagster, rng, round, count):
    """Runs as a launch leaves them, a sensor's among them."""
    made = []
    for index in range(count):
        location = rng.choice(["a", "b"])
        tags = {"round": str(round), "dagster/code_location": location}
        if index % 3 == 0:
            tags["dagster/sensor_name"] = rng.choice(SENSORS[location])
        made.append(make_run(run_id(rng), location, rng.choice(JOBS[location]), "NOT_STARTED", tags))
        dagster.run_storage.add_run(made[-1])
    return made


def finish(dagster, run, end, started, ended):
    if run.status.value != "STARTED":
        report(dagster, run, "PIPELINE_START", started)
    report(dagster, run, end, ended)


def materialize(dagster, path, run=None, timestamp=None):
    """Reports a materialization: by a run, or from outside any run."""
    materialization = AssetMaterialization(asset_key=AssetKey(path), metadata={"rows": 1})
    if run is None and timestamp is None:
        dagster.report_runless_asset_event(materialization)
        return
    event = DagsterEvent(
        event_type_value=DagsterEventType.ASSET_MATERIALIZATION.value,
        job_name=run.job_name if run else RUNLESS_JOB_NAME,
        event_specific_data=StepMaterializationData(materialization, []),
    )
    send(dagster, event, run.run_id if run else RUNLESS_RUN_ID, timestamp)
