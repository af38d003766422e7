/** Reads back from Dagster whether it loaded what was deployed, and limits what it has to. */
import { codeLocations, createDagsterClient, instance, schedules, sensors } from "@org/dagster-client";
import { parse } from "yaml";
import { dagsterAuth } from "../../credentials.ts";
import { exitCodes } from "../../exit-code.ts";
import { proxiedFetch } from "../../proxy.ts";
import { escaped, type SafeIo } from "../../render/safe-output.ts";
import { checkAddress } from "../../sources.ts";
import { type DagsterSchedule, fileName } from "./definitions.ts";
import { limitsText, type TagLimit } from "./limits.ts";

interface Deployed {
  readonly url: string;
  readonly schedules: readonly DagsterSchedule[];
  readonly limits: readonly TagLimit[];
}

type CodeLocation = Awaited<ReturnType<typeof codeLocations.get>>;
type Client = ReturnType<typeof createDagsterClient>;

/** @returns the exit code. What is not as it has to be is printed. @throws UsageError, and the client's errors */
export async function verifyDagster({ url, schedules: wanted, limits }: Deployed, io: SafeIo): Promise<number> {
  checkAddress("dagster", { address: url, label: "--url", isInFile: true });
  const fetch = proxiedFetch(io.env, { onNotice: (message) => io.stderr.write(`dagsync: ${escaped(message)}\n`) });
  const client = createDagsterClient({ url, fetch, auth: dagsterAuth(io.env), signal: io.signal });
  const problems = [
    ...(await loadProblems(client, wanted)),
    ...(await stateProblems(client, wanted)),
    ...(await limitProblems(client, limits)),
    ...(await daemonProblems(client)),
  ];
  for (const problem of problems) io.stdout.write(`✗ ${problem}\n`);
  if (problems.length > 0) return exitCodes.incomplete;
  io.stdout.write(`✓ Dagster has loaded all ${wanted.length} schedules, and holds their limits.\n`);
  return exitCodes.done;
}

async function loadProblems(client: Client, wanted: readonly DagsterSchedule[]): Promise<readonly string[]> {
  const isOurs = ({ status, repositories }: CodeLocation) =>
    status === "failed" || repositories.some(({ jobs }) => wanted.some(({ name }) => jobs.includes(name)));
  for (const { name } of (await codeLocations.list(client).toArray()).filter(isOurs))
    await codeLocations.reload(client, name);
  const all = await codeLocations.list(client).toArray();
  const failed = all.filter(({ error }) => error && textOf(error).includes(fileName));
  if (failed.length > 0) {
    return failed.map(
      ({ name, error }) => `Code location ${escaped(name)} does not load: ${escaped(reasonOf(error!))}`,
    );
  }
  const jobs = new Set(all.flatMap(({ repositories }) => repositories.flatMap((each) => each.jobs)));
  const missing = wanted.filter(({ name }) => !jobs.has(name)).map(({ name }) => name);
  if (missing.length === 0) return [];
  const which =
    missing.length === wanted.length ? "No code location has them: does workspace.yaml name the file? " : "";
  return [`Dagster has no job ${missing.join(", ")}. ${which}Load the file anew, and verify again.`];
}

type LoadError = NonNullable<CodeLocation["error"]>;

function textOf(error: LoadError): string {
  return [error.message, ...error.causes.map(({ message }) => message)].join("\n");
}

/** The last cause is usually the reason. */
function reasonOf({ message, causes }: LoadError): string {
  return (causes.at(-1)?.message ?? message).trim();
}

async function stateProblems(client: Client, wanted: readonly DagsterSchedule[]): Promise<readonly string[]> {
  const states = new Map<string, string>();
  for (const { name, scheduleState } of await schedules.list(client).toArray()) states.set(name, scheduleState.status);
  for (const { name, sensorState } of await sensors.list(client).toArray()) states.set(name, sensorState.status);
  return wanted.flatMap(({ name, enabled }) => {
    const isRunning = states.get(name) === "RUNNING";
    if (!states.has(name) || isRunning === enabled) return [];
    const [is, said] = enabled ? ["stopped", "enabled"] : ["running", "disabled"];
    return [
      `${name} is ${is} in Dagster, although the file says ${said}: it was switched in Dagster, which takes precedence. Switch it back there.`,
    ];
  });
}

const queueDocument = "query RunQueue { instance { runQueueConfig { tagConcurrencyLimitsYaml } } }";

async function limitProblems(client: Client, limits: readonly TagLimit[]): Promise<readonly string[]> {
  if (limits.length === 0) return [];
  const data = (await client.request(queueDocument, {})) as {
    readonly instance: { readonly runQueueConfig: { readonly tagConcurrencyLimitsYaml: string | null } | null };
  };
  const queue = data.instance.runQueueConfig;
  if (!queue) return ["Dagster has no queue, so it limits no runs: dagster.yaml has to have the QueuedRunCoordinator."];
  const found: unknown = parse(queue.tagConcurrencyLimitsYaml ?? "[]");
  const missing = limits.filter((limit) => !(Array.isArray(found) && found.some((each) => isLimit(each, limit))));
  if (missing.length === 0) return [];
  return [`dagster.yaml lacks limits. Add these, and restart web server and daemon:\n\n${limitsText(missing)}`];
}

function isLimit(value: unknown, { key, limit }: TagLimit): boolean {
  const given = (value ?? {}) as { key?: unknown; limit?: unknown; value?: { applyLimitPerUniqueValue?: unknown } };
  return given.key === key && given.limit === limit && given.value?.applyLimitPerUniqueValue === true;
}

async function daemonProblems(client: Client): Promise<readonly string[]> {
  const { daemons } = await instance.health(client);
  const away = daemons.filter(({ required, healthy }) => required && !healthy).map(({ daemonType }) => daemonType);
  if (away.length === 0) return [];
  return [
    `Dagster's daemon does not run (${away.join(", ").toLowerCase()}): nothing is started. Start dagster-daemon.`,
  ];
}
