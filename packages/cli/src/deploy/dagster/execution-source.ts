/** Python of the definitions file, the same for all schedules: what happens in a run. */

/** What stands above the schedules. */
export const imports = `
import datetime
import os
import re
import signal
import subprocess
import threading
import time

import dagster as dg
`;

/** How a run starts a schedule's command, and ends as that did. */
export const execution = `

# A command that is told to end may finish its batch, in seconds.
GRACE = 20
# So much of what a command writes to stderr is searched for patterns, in bytes: the end of it.
SEARCHED = 65536
# A moment that is longer ago was missed, in seconds.
LATE = 60
# So many missed moments of an interval are made up for at once.
MANY = 500


def forward(stream, written):
    """Passes stderr on, and keeps the end of it."""
    with open(2, "wb", closefd=False) as stderr:
        for line in stream:
            stderr.write(line)
            stderr.flush()
            written.extend(line)
            del written[:-SEARCHED]


def send(process, name):
    """Signals the command, and all that it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, getattr(signal, name))
        else:
            process.kill()
    except ProcessLookupError:
        pass


def execute(command, cwd, environment):
    """Runs a command. Returns its exit code, as a shell has it, and the end of its stderr."""
    written = bytearray()
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        return 127, f"The command cannot be run: {error}"
    except OSError as error:
        return 126, f"The command cannot be run: {error}"
    reader = threading.Thread(target=forward, args=(process.stderr, written), daemon=True)
    reader.start()
    try:
        code = process.wait()
    except BaseException:
        # The run is terminated.
        send(process, "SIGTERM")
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            send(process, "SIGKILL")
            process.wait()
        raise
    # What the command has left running may keep stderr open.
    reader.join(1)
    return (code if code >= 0 else 128 - code), written.decode("utf-8", "replace")


def delay_of(retry, retries):
    """The pause before a retry, in seconds."""
    try:
        return min(retry["initial_delay"] * float(retry["multiplier"]) ** retries, retry["max_delay"])
    except OverflowError:
        return retry["max_delay"]


def matches(pattern, text):
    try:
        return re.search(pattern, text, re.IGNORECASE) is not None
    except re.error:
        return False


def check_end(context, schedule, code, errors):
    """Raises where the command failed: a retry where the schedule has one for this, and a failure else."""
    if code == 0:
        return
    if code == 99:
        context.log.info("The command ended with exit code 99: there was nothing to do.")
        return
    retry = schedule["retry"]
    retries = context.retry_number
    if retry and code in retry["exit_codes"] and retries < retry["max_retries"]:
        patterns = retry["error_patterns"]
        if not patterns or not errors or any(matches(each, errors) for each in patterns):
            delay = delay_of(retry, retries)
            context.log.warning(f"Exit code {code}: retry {retries + 1} of {retry['max_retries']} in {delay} s.")
            raise dg.RetryRequested(max_retries=retry["max_retries"], seconds_to_wait=delay)
    last = errors.strip().splitlines()[-1:]
    raise dg.Failure(
        description=" ".join([f"The command ended with exit code {code}.", *last]),
        metadata={"exit_code": code},
        allow_retries=False,
    )


def results_of(context, schedule, arguments=()):
    """Runs a schedule's command, and yields what it reported."""
    environment = {**schedule["environment"], "DAGSYNC_ATTEMPT": str(context.retry_number + 1)}
    slot = context.run.tags.get("dagsync/slot")
    if slot:
        environment["DAGSYNC_SLOT"] = slot
    if not schedule["reports"]:
        check_end(context, schedule, *execute(schedule["command"], schedule["cwd"], environment))
        return
    with dg.open_pipes_session(
        context=context,
        context_injector=dg.PipesTempFileContextInjector(),
        message_reader=dg.PipesTempFileMessageReader(),
    ) as session:
        environment.update(session.get_bootstrap_env_vars())
        code, errors = execute([*schedule["command"], *arguments], schedule["cwd"], environment)
    yield from session.get_reported_results()
    check_end(context, schedule, code, errors)
`;
