import type { Command } from "commander";
import { parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import { type Run, shared } from "./options.ts";

interface RunOptions {
  readonly config: string;
  readonly plan?: string;
  readonly json?: true;
}

const runnerFile = ["--config <file>", "the schedules", "runner.yaml"] as const;

export function addRun(program: Command, io: SafeIo, run: Run): void {
  program
    .command("run")
    .description("run the jobs of runner.yaml on their schedules")
    .option(...runnerFile)
    .option("--plan <duration>", "only print what would run in this time from now, as in 7d")
    .option(...shared("json"))
    .action(
      run(async ({ config, plan, json }: RunOptions) => {
        // With its parsers, which no other command needs.
        const { readRunner } = await import("../config/runner-file.ts");
        const file = await readRunner(config, io.signal);
        for (const notice of file.notices) io.stderr.write(`dagsync: ${escaped(notice)}\n`);
        if (plan === undefined) throw new UsageError("Say what to do: --plan 7d.");
        const { printPlan } = await import("../run/plan.ts");
        printPlan({ schedules: file.schedules, from: Date.now(), forMs: planLength(plan), json: json === true }, io);
        return exitCodes.done;
      }),
    );
}

function planLength(text: string): number {
  const forMs = parseDuration("--plan", text);
  if (forMs <= 366 * 86_400_000) return forMs;
  throw new UsageError("--plan must be at most 366d.");
}
