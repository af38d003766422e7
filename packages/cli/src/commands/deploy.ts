/** `dagsync deploy`: hands the schedules of `runner.yaml` to Airflow or Dagster, whose workers then run the jobs. */
import type { Command } from "commander";
import type { SafeIo } from "../render/safe-output.ts";
import { addDeployAirflow } from "./deploy-airflow.ts";
import { addDeployDagster } from "./deploy-dagster.ts";
import type { Run } from "./options.ts";

export function addDeploy(program: Command, io: SafeIo, run: Run): void {
  const command = program
    .command("deploy")
    .description("hand the schedules of runner.yaml to Airflow or Dagster, whose workers then run the jobs");
  addDeployAirflow(command, io, run);
  addDeployDagster(command, io, run);
}
