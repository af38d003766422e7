/** Source of a task that runs a job as a process on the worker, and maps its exit code to retry, skip or fail. */
import { python } from "../python.ts";
import type { ProcessOperator, TaskFacts, TaskSource } from "./task-source.ts";

/** How long a stopped job gets before it is killed, in seconds. Airflow kills its own process after five. */
const GRACE = 4;

export function processTask(facts: TaskFacts, { folder }: ProcessOperator): TaskSource {
  const { command, environment, common, retry } = facts;
  return {
    imports: [
      "import os",
      "import re",
      "import signal",
      "import subprocess",
      "import sys",
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
      `RETRY_IF = ${python(retry?.retryable_error_patterns ?? [])}  # regular expressions, of which stderr must match one if it is not empty`,
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
        # Whatever the job prints, this process can print too.
        text = {"encoding": getattr(sys.stdout, "encoding", None) or "utf-8", "errors": "backslashreplace"}
        try:
            job = subprocess.Popen(COMMAND, cwd=FOLDER, env=env, start_new_session=True, **pipes, **text)
        except OSError as error:
            raise AirflowFailException(f"The worker cannot start the command: {error}") from None
        stderr = ""

        def copy(stream):
            nonlocal stderr
            for line in iter(lambda: stream.readline(65536), ""):
                print(line.rstrip("\\n") + "\\n", end="", flush=True)
                if stream is job.stderr:
                    stderr = (stderr + line)[-65536:]

        def stop(*_):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            raise AirflowException("The task was stopped")

        signal.signal(signal.SIGTERM, stop)
        readers = [threading.Thread(target=copy, args=(stream,), daemon=True) for stream in (job.stdout, job.stderr)]
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
        matches = not RETRY_IF or not stderr or any(re.search(each, stderr, re.I) for each in RETRY_IF)
        if code in RETRY_ON and matches:
            raise AirflowException(f"exit code {code}")
        if code == 99:
            raise AirflowSkipException("exit code 99")
        if code != 0:
            raise AirflowFailException(f"exit code {code}")

    run()`.split("\n"),
  };
}
