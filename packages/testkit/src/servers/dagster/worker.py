"""Runs the other scripts, each in a fork of this process, which has imported Dagster already: that takes seconds.

Reads lines {"script": path, "input": …}, and answers each with a line {"output": text} or {"error": text}. Ends when its
input ends, as it does when the process that started it is gone.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import traceback

import dagster  # noqa: F401
import dagster._core.storage.runs.schema  # noqa: F401


def run(script, input):
    sys.argv = [script, json.dumps(input)]
    sys.path.insert(0, os.path.dirname(script))
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            runpy.run_path(script, run_name="__main__")
    except BaseException:
        return {"error": traceback.format_exc()}
    return {"output": output.getvalue()}


def run_apart(request):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as file:
            json.dump(run(**request), file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        answer = file.read()
    _, status = os.waitpid(child, 0)
    return answer or json.dumps({"error": f"{request['script']} ended with status {status}"})


for line in sys.stdin:
    print(run_apart(json.loads(line)), flush=True)
