import type { Command } from "commander";
import { parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import type { Run } from "./options.ts";

interface AirflowOptions {
  readonly config: string;
  readonly dagsFolder: string;
  readonly owner: string;
  readonly dagsync: string;
  readonly workdir?: string;
  readonly operator: string;
  readonly image?: string;
  readonly namespace?: string;
  readonly secret?: string;
  readonly url?: string;
  readonly filesOnly?: true;
  readonly dryRun?: true;
  readonly verify?: true | string;
}

export function addDeployAirflow(deploy: Command, io: SafeIo, run: Run): void {
  deploy
    .command("airflow")
    .description("write a DAG file for each schedule")
    .option("--config <file>", "the schedules", "runner.yaml")
    .requiredOption("--dags-folder <folder>", "where Airflow finds its DAG files")
    .option("--owner <name>", "of the files: a deploy removes only files of its own owner", "dagsync")
    .option("--dagsync <command>", "how the workers start dagsync", "dagsync")
    .option("--workdir <folder>", "where jobs run on the workers (default: the current folder)")
    .option("--operator <kind>", "process: on the worker, or kubernetes: in a pod", "process")
    .option("--image <name>", "the pods' image, with --operator kubernetes")
    .option("--namespace <name>", "the pods' namespace")
    .option("--secret <name>", "a Kubernetes secret whose entries the pods get as environment variables")
    .option("--url <url>", "the server, as in the browser: pools are created there, and DAGs paused or not")
    .option("--files-only", "write the files without a server, even if tenants need pools")
    .option("--dry-run", "only print what would change, as diff -u does")
    .option(
      "--verify [duration]",
      "wait until the files are parsed (default: 10m), and report import errors and parse times",
    )
    .action(
      run(async (options: AirflowOptions) => {
        const { readRunner } = await import("../config/runner-file.ts");
        const file = await readRunner(options.config, io.signal);
        for (const notice of file.notices) io.stderr.write(`dagsync: ${escaped(notice)}\n`);
        const { deployAirflow } = await import("../deploy/airflow/deploy.ts");
        const { url, filesOnly, dryRun } = options;
        if (url !== undefined && filesOnly) throw new UsageError("--files-only is for deploys without --url.");
        const settings = { url, filesOnly: filesOnly === true, dryRun: dryRun === true, verifyMs: verifyOf(options) };
        return deployAirflow(file, { ...options, ...settings, operator: operatorOf(options) }, io);
      }),
    );
}

function verifyOf({ verify }: AirflowOptions): number | undefined {
  return verify === undefined ? undefined : parseDuration("--verify", verify === true ? "10m" : verify);
}

function operatorOf({ operator, image, namespace, secret, workdir }: AirflowOptions) {
  if (operator === "kubernetes") {
    if (image === undefined) throw new UsageError("--operator kubernetes needs --image: what the pods run.");
    if (workdir !== undefined)
      throw new UsageError("--workdir is for --operator process: a pod starts in its image's folder.");
    return { kind: "kubernetes", image, namespace, secret } as const;
  }
  if (operator !== "process") throw new UsageError("--operator must be process or kubernetes.");
  for (const [name, value] of Object.entries({ image, namespace, secret })) {
    if (value !== undefined) throw new UsageError(`--${name} is for --operator kubernetes.`);
  }
  return { kind: "process", folder: workdir ?? process.cwd() } as const;
}
