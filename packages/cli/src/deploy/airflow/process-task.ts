/** A task that runs a job as a process of the worker, and understands its exit codes. */
import { python } from "../python.ts";
import type { ProcessOperator, TaskFacts, TaskSource } from "./task-source.ts";

/** How long a job that is stopped may take to end by itself, in seconds. Airflow kills its task after five. */
const GRACE = 4;

export function processTask(facts: TaskFacts, { folder }: ProcessOperator): TaskSource {
  const { command, environment, common, retry } = facts;
  return {
    imports: [
      "import os",
      "import re",
      "import signal",
      "import subprocess",
      "import threading",
      "from contextlib import suppress",
      "from datetime import timedelta, timezone",
      "",
      "from airflow.sdk import DAG, get_current_context, task",
    ],
    constants: [
      `COMMAND = ${python(command)}`,
      `FOLDER = ${python(folder)}`,
      `ENVIRONMENT = ${python(environment)}`,
      `RETRY_ON = ${python(retry?.retryable_exit_codes ?? [])}  # exit codes`,
      `RETRY_IF = ${python(retry?.retryable_error_patterns ?? [])}  # in stderr; without any, the exit code decides`,
    ],
    definitions: [],
    body: `
    @task(${common.join(", ")})
    def run():
        ti, dag_run = (get_current_context()[key] for key in ("ti", "dag_run"))
        env = {**os.environ, **ENVIRONMENT, "DAGSYNC_ATTEMPT": str(ti.try_number)}
        if dag_run.run_type != "manual":
            env["DAGSYNC_SLOT"] = dag_run.run_after.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        text = {"encoding": "utf-8", "errors": "replace"}
        try:
            job = subprocess.Popen(COMMAND, cwd=FOLDER, env=env, start_new_session=True, **pipes, **text)
        except OSError as error:
            raise AirflowFailException(f"The worker cannot start the command: {error}") from None
        ends = {"stdout": "", "stderr": ""}

        def copy(name):
            for line in iter(lambda: getattr(job, name).readline(65536), ""):
                print(line.rstrip("\\n") + "\\n", end="", flush=True)
                ends[name] = (ends[name] + line)[-65536:]

        def stop(*_):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            raise AirflowException("The task was stopped")

        signal.signal(signal.SIGTERM, stop)
        readers = [threading.Thread(target=copy, args=(name,), daemon=True) for name in ends]
        try:
            for reader in readers:
                reader.start()
            code = job.wait()
        except BaseException:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(job.pid, signal.SIGTERM)
                job.wait(${GRACE})
            with suppress(ProcessLookupError):
                os.killpg(job.pid, signal.SIGKILL)
            raise
        for reader in readers:
            reader.join(5)
        code = 128 - code if code < 0 else code
        known = not RETRY_IF or not ends["stderr"] or any(re.search(each, ends["stderr"], re.I) for each in RETRY_IF)
        if code in RETRY_ON and known:
            raise AirflowException(f"exit code {code}")
        if code == 99:
            raise AirflowSkipException("exit code 99")
        if code != 0:
            raise AirflowFailException(f"exit code {code}")

    run()`.split("\n"),
  };
}
