/** Source of a task that runs a job in a pod, and maps its exit code to retry, skip or fail. */
import { python } from "../python.ts";
import type { PodOperator, TaskFacts, TaskSource } from "./task-source.ts";

export function podTask(facts: TaskFacts, { image, namespace, secret }: PodOperator): TaskSource {
  const { command, environment, common, retry } = facts;
  const [program, ...args] = command;
  return {
    imports: [
      "from datetime import timedelta, timezone",
      "",
      "from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator",
      "from airflow.sdk import DAG",
      "from kubernetes.client import models as k8s",
    ],
    constants: [
      `ENVIRONMENT = ${python(environment)}`,
      `RETRY_ON = ${python(retry?.retryable_exit_codes ?? [])}  # exit codes`,
    ],
    definitions: [
      ...`
class Job(KubernetesPodOperator):
    template_fields = ()  # commands are no Jinja templates

    def execute(self, context):
        ti, dag_run = (context[key] for key in ("ti", "dag_run"))
        env = {**ENVIRONMENT, "DAGSYNC_ATTEMPT": str(ti.try_number)}
        if dag_run.run_type != "manual":
            env["DAGSYNC_SLOT"] = dag_run.run_after.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self.env_vars = [k8s.V1EnvVar(name=name, value=value) for name, value in env.items()]
        return super().execute(context)

    def cleanup(self, pod, remote_pod, *args, **kwargs):
        try:
            super().cleanup(pod, remote_pod, *args, **kwargs)
        except AirflowSkipException:
            raise
        except AirflowException as error:
            containers = remote_pod.status.container_statuses or []
            ended = [each.state.terminated for each in containers if each.name == self.base_container_name]
            # A pod that was evicted, or did not start, has no exit code: retry.
            if ended and ended[0] and ended[0].exit_code not in RETRY_ON:
                raise AirflowFailException(f"exit code {ended[0].exit_code}") from error
            raise`.split("\n"),
      "",
      "",
    ],
    body: [
      "    Job(",
      '        task_id="run",',
      `        image=${python(image)},`,
      `        cmds=${python([program!])},`,
      `        arguments=${python(args)},`,
      ...(namespace === undefined ? [] : [`        namespace=${python(namespace)},`]),
      ...(secret === undefined
        ? []
        : [`        env_from=[k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name=${python(secret)}))],`]),
      `        skip_on_exit_code=${python(retry?.retryable_exit_codes.includes(99) ? null : 99)},`,
      ...common.map((argument) => `        ${argument},`),
      "    )",
    ],
  };
}
