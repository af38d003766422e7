/** A runner as a process: two schedules of one tenant, due every second, whose jobs log when they start and end. */
import { connect } from "@org/destination/connection";
import { intervalTiming } from "../../src/cron/moments.ts";
import { processExecutor } from "../../src/execute.ts";
import { run } from "../../src/run.ts";
import type { Schedule } from "../../src/schedule.ts";

const [state = "", log = ""] = process.argv.slice(2);
const text = `echo start $DAGSYNC_JOB $DAGSYNC_SLOT >> '${log}'; sleep 0.1; echo end $DAGSYNC_JOB $DAGSYNC_SLOT >> '${log}'`;
const schedules = ["a", "b"].map(
  (name): Schedule => ({
    ...{ name, timezone: "UTC", when: "", maxConcurrentRuns: 1, tags: {}, catchup: "all" },
    timing: intervalTiming(1),
    job: { tenant: "acme", connectorType: "command", command: { kind: "shell", text }, retry: undefined },
  }),
);
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
const connection = await connect(`sqlite:${state}`);
await run({
  connection,
  loadSchedules: () => ({ schedules, concurrencyPerTenant: 1 }),
  execute: processExecutor({ dagsync: [], env: process.env }),
  signal: stop.signal,
  pollIntervalMs: 50,
  onEvent: (event) => {
    if (event.type === "job_finished") process.stdout.write("finished\n");
  },
});
await connection.close();
