"""What seed.py and mutate.py share: the jobs of each location, run ids, runs, and events as Dagster itself reports them."""

import os
import random
import uuid

from dagster import AssetKey, AssetMaterialization, DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

HOME = os.environ["DAGSTER_HOME"]
JOBS = {"a": ["etl", "report", "clean_up", "refresh", "__ASSET_JOB"], "b": ["etl", "invoices"]}
SENSORS = {"a": ["new_files", "two_jobs", "after_orders", "after_success"], "b": ["new_files", "two_jobs"]}


def instance():
    return DagsterInstance.get()


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
        remote_job_origin=origin(location, job) if location else None,
    )


def report(dagster, run, event_type, timestamp=None):
    """Reports an event of a run as a run's process does; the run's row follows it."""
    event = DagsterEvent(event_type_value=event_type, job_name=run.job_name, message=event_type)
    dagster.report_dagster_event(event, run_id=run.run_id, timestamp=timestamp)


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
    dagster.report_dagster_event(event, run_id=run.run_id if run else RUNLESS_RUN_ID, timestamp=timestamp)
