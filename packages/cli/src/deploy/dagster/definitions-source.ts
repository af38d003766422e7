/** Python of the definitions file, the same for all schedules: what Dagster loads. It reads SCHEDULES and VERIFICATIONS. */
export const definitions = `

def spec_of(table):
    return dg.AssetSpec(
        table["key"], description=table["description"], group_name=table["group"], kinds={table["kind"]}
    )


def is_selected(context, result):
    """Whether a check was asked for: Dagster takes no results of others."""
    return dg.AssetCheckKey(result.asset_key, result.check_name) in context.selected_asset_check_keys


def assets_of(schedule):
    """The tables that a schedule's command syncs, all by one process."""
    tables = schedule["assets"]
    streams = {dg.AssetKey(each["key"]): each["stream"] for each in tables}

    @dg.multi_asset(
        name=schedule["name"] + "__sync",
        specs=[spec_of(each) for each in tables],
        check_specs=[
            dg.AssetCheckSpec("complete", asset=each["key"], description="The last sync skipped nothing of it.")
            for each in tables
        ],
        can_subset=schedule["can_subset"],
    )
    def sync(context):
        wanted = set(context.selected_asset_keys)
        some = wanted != set(streams)
        arguments = ["--streams", ",".join(streams[key] for key in streams if key in wanted)] if some else []
        for result in results_of(context, schedule, arguments):
            if isinstance(result, dg.MaterializeResult):
                wanted.discard(result.asset_key)
                yield result
            elif is_selected(context, result):
                yield result
        if wanted:
            missing = ", ".join(sorted(key.to_user_string() for key in wanted))
            raise dg.Failure(f"The command did not report: {missing}. Update it.", allow_retries=False)

    return sync


def job_of(schedule, keys):
    """Runs the command: as the assets that it materializes, or by itself."""
    if keys:
        checks = [dg.AssetCheckKey(key, "complete") for key in keys]
        return dg.define_asset_job(
            schedule["name"],
            selection=dg.AssetSelection.assets(*keys).without_checks() | dg.AssetSelection.checks(*checks),
            description=schedule["description"],
            tags=schedule["tags"],
            executor_def=dg.in_process_executor,
        )

    @dg.op(name=schedule["name"] + "__command")
    def command(context):
        for result in results_of(context, schedule):
            if isinstance(result, dg.MaterializeResult):
                context.log_event(dg.AssetMaterialization(asset_key=result.asset_key, metadata=result.metadata))
            else:
                context.log_event(
                    dg.AssetCheckEvaluation(
                        asset_key=result.asset_key,
                        check_name=result.check_name,
                        passed=result.passed,
                        metadata=result.metadata,
                        severity=result.severity,
                    )
                )

    @dg.job(
        name=schedule["name"],
        description=schedule["description"],
        tags=schedule["tags"],
        executor_def=dg.in_process_executor,
    )
    def run_command():
        command()

    return run_command


def text_of(moment):
    """A moment in seconds since 1970, as commands find it in their environment."""
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def request_of(moment):
    slot = text_of(moment)
    return dg.RunRequest(run_key=slot, tags={"dagsync/slot": slot})


def is_waiting(context, schedule):
    """Whether an earlier run waits for its turn: a later one would only do the same twice."""
    if schedule["catchup"] == "all":
        return False
    filters = dg.RunsFilter(job_name=schedule["name"], statuses=[dg.DagsterRunStatus.QUEUED])
    return context.instance.get_runs_count(filters) > 0


def schedule_of(schedule, job):
    @dg.schedule(
        name=schedule["name"],
        job=job,
        cron_schedule=schedule["cron"],
        execution_timezone=schedule["timezone"],
        default_status=dg.DefaultScheduleStatus.RUNNING if schedule["enabled"] else dg.DefaultScheduleStatus.STOPPED,
    )
    def due(context):
        if is_waiting(context, schedule):
            return dg.SkipReason("An earlier run still waits for its turn.")
        return request_of(context.scheduled_execution_time.timestamp())

    return due


def sensor_of(schedule, job):
    """An interval: a moment is each multiple of it, counted from 1970. The cursor is the last moment that was seen."""
    interval = schedule["interval"]

    @dg.sensor(
        name=schedule["name"],
        job=job,
        minimum_interval_seconds=min(interval, 30),
        default_status=dg.DefaultSensorStatus.RUNNING if schedule["enabled"] else dg.DefaultSensorStatus.STOPPED,
    )
    def due(context):
        now = time.time()
        last = int(now // interval) * interval
        # One that is new has missed nothing.
        seen = int(context.cursor) if context.cursor else last
        moments = range(max(seen + interval, last - (MANY - 1) * interval), last + 1, interval)
        if schedule["catchup"] == "one":
            moments = moments[-1:]
        elif schedule["catchup"] == "skip":
            moments = [each for each in moments[-1:] if now - each <= LATE]
        if moments and is_waiting(context, schedule):
            moments = []
        return dg.SensorResult(run_requests=[request_of(each) for each in moments], cursor=str(max(seen, last)))

    return due


def verification_of(verification):
    """A check of each of a pipeline's tables that reads the server again. It runs where somebody asks for it."""

    @dg.multi_asset_check(
        name=verification["name"],
        specs=[
            dg.AssetCheckSpec("verified", asset=key, description="Equals what the server has.")
            for key in verification["keys"]
        ],
        can_subset=True,
    )
    def verify(context):
        # Pipes does not know the context of a check.
        results = results_of(context.op_execution_context, verification)
        yield from (result for result in results if is_selected(context, result))

    return verify


def definitions():
    assets = []
    jobs = []
    schedules = []
    sensors = []
    for each in SCHEDULES:
        keys = [dg.AssetKey(asset["key"]) for asset in each["assets"]]
        if keys:
            assets.append(assets_of(each))
        assets.extend(spec_of(table) for table in each["reported_assets"])
        job = job_of(each, keys)
        jobs.append(job)
        if each["cron"] is None:
            sensors.append(sensor_of(each, job))
        else:
            schedules.append(schedule_of(each, job))
    checks = [verification_of(each) for each in VERIFICATIONS]
    return dg.Definitions(assets=assets, asset_checks=checks, jobs=jobs, schedules=schedules, sensors=sensors)


defs = definitions()
`;
