import { createRandom, type Random } from "../random.ts";
import { type Clock, createClock, day, hour, type Instant, minute, second } from "../time.ts";
import type { LocationDefinitions } from "./locations.ts";
import { DagsterWorld } from "./world.ts";

export interface DemoDagsterOptions {
  /** @default 1 */
  readonly seed?: number;
  /** @default one that stands still */
  readonly clock?: Clock;
  /** The approximate number of runs, spread over the days. @default 600 */
  readonly runs?: number;
  /** How far back the runs go from the clock. @default 14 */
  readonly days?: number;
  /**
   * Whether nothing is wrong at the clock's time except stale assets: those of jobs that have not run for days.
   * @default false: many runs fail now and then
   */
  readonly incidents?: boolean;
  /** How far the database's time zone is ahead of UTC, in milliseconds. @default 0 */
  readonly databaseOffsetMs?: number;
}

/** A job of the demo: its share of all runs, its assets, and what launches it. */
interface DemoJob {
  readonly name: string;
  readonly location: string;
  readonly share: number;
  readonly duration: Instant;
  /** Its failure rate. */
  readonly failing: number;
  /** The groups of assets that it materializes. */
  readonly groups: readonly string[];
  readonly launchedBy?: { readonly kind: "schedule" | "sensor"; readonly name: string };
  /** It has not run for this long: its assets are stale. */
  readonly idleFor?: Instant;
}

const groups: { readonly [location: string]: { readonly [group: string]: string } } = {
  warehouse: {
    raw_shop: "orders order_lines customers products refunds",
    raw_finance: "invoices payments exchange_rates ledger",
    staging: "stg_orders stg_order_lines stg_customers stg_products stg_payments stg_invoices",
    marts: "fct_orders fct_revenue fct_refunds dim_customers dim_products dim_dates",
    reporting: "daily_sales weekly_sales revenue_by_country customer_cohorts",
    legacy: "old_crm_accounts old_crm_contacts fax_numbers",
  },
  ml_platform: {
    features: "customer_features order_features session_features product_embeddings",
    models: "churn_model recommendation_model demand_forecast",
    predictions: "churn_scores recommendations forecast_by_store",
    monitoring: "feature_drift model_quality",
  },
};

const jobs: readonly DemoJob[] = [
  {
    name: "ingest_shop",
    location: "warehouse",
    share: 0.42,
    duration: 4 * minute,
    failing: 0.04,
    groups: ["raw_shop"],
    launchedBy: { kind: "sensor", name: "new_shop_files" },
  },
  {
    name: "ingest_finance",
    location: "warehouse",
    share: 0.14,
    duration: 7 * minute,
    failing: 0.12,
    groups: ["raw_finance"],
    launchedBy: { kind: "schedule", name: "finance_every_six_hours" },
  },
  {
    name: "build_marts",
    location: "warehouse",
    share: 0.12,
    duration: 35 * minute,
    failing: 0.18,
    groups: ["staging", "marts", "reporting"],
    launchedBy: { kind: "schedule", name: "nightly_marts" },
  },
  {
    name: "import_old_crm",
    location: "warehouse",
    share: 0.02,
    duration: 15 * minute,
    failing: 0.5,
    groups: ["legacy"],
    idleFor: 9 * day,
  },
  {
    name: "compute_features",
    location: "ml_platform",
    share: 0.18,
    duration: 12 * minute,
    failing: 0.06,
    groups: ["features", "monitoring"],
    launchedBy: { kind: "sensor", name: "marts_are_fresh" },
  },
  {
    name: "train_models",
    location: "ml_platform",
    share: 0.04,
    duration: 150 * minute,
    failing: 0.3,
    groups: ["models"],
    launchedBy: { kind: "schedule", name: "weekly_training" },
    idleFor: 3 * day,
  },
  { name: "score", location: "ml_platform", share: 0.08, duration: 9 * minute, failing: 0.05, groups: ["predictions"] },
];

const definitions: { readonly [location: string]: Omit<LocationDefinitions, "assets"> } = {
  warehouse: {
    schedules: [
      {
        name: "nightly_marts",
        jobName: "build_marts",
        crons: ["0 2 * * *"],
        timezone: "Europe/Vienna",
        status: "RUNNING",
      },
      {
        name: "finance_every_six_hours",
        jobName: "ingest_finance",
        crons: ["0 0 * * *", "0 6,12,18 * * *"],
        status: "RUNNING",
      },
    ],
    sensors: [
      {
        name: "new_shop_files",
        jobName: "ingest_shop",
        type: "STANDARD",
        status: "RUNNING",
        description: "Files of the shop.",
      },
      { name: "alert_on_failure", jobName: null, type: "RUN_STATUS", status: "RUNNING" },
    ],
  },
  ml_platform: {
    schedules: [{ name: "weekly_training", jobName: "train_models", crons: ["0 3 * * 0"] }],
    sensors: [{ name: "marts_are_fresh", jobName: "compute_features", type: "ASSET", status: "RUNNING" }],
  },
};

/** A company's Dagster: two code locations, about 40 assets of which some are stale, two weeks of runs. */
export function createDemoDagsterWorld(options: DemoDagsterOptions = {}): DagsterWorld {
  const random = createRandom(options.seed ?? 1);
  const world = new DagsterWorld({
    clock: options.clock ?? createClock(),
    random: createRandom((options.seed ?? 1) + 1),
    databaseOffsetMs: options.databaseOffsetMs ?? 0,
  });
  const now = world.now();
  const since = now - (options.days ?? 14) * day;
  world.at(since, () => addLocations(world));
  const launches = jobs.flatMap((job) => {
    const last = now - (job.idleFor ?? 0);
    const count = Math.max(1, Math.round((options.runs ?? 600) * job.share));
    const every = (last - since) / count;
    return Array.from({ length: count }, (_, index) => ({
      // The latest runs succeed if nothing is to be wrong now.
      job: options.incidents && index >= count - 4 ? { ...job, failing: 0 } : job,
      at: Math.floor(since + every * (index + 0.1 + 0.8 * random.next())),
    }));
  });
  launches.sort((a, b) => a.at - b.at);
  for (const { job, at } of launches) happen(world, random, job, at, now);
  // Something is always running, wherever the clock stands.
  happen(world, random, jobs[0]!, now - 90 * second, now);
  happen(world, random, jobs[4]!, now - 2 * second, now);
  // An asset without a definition, known by what was once reported about it.
  world.at(now - 12 * day - hour, () => world.materialize(["uploads", "price_list"]));
  return world;
}

function addLocations(world: DagsterWorld): void {
  for (const [location, byGroup] of Object.entries(groups)) {
    const assets = Object.entries(byGroup).flatMap(([group, names]) =>
      names.split(" ").map((name) => ({
        path: [group, name],
        group,
        description: name.startsWith("stg_") ? null : `${name.replaceAll("_", " ")}.`,
      })),
    );
    world.addLocation(location, { assets, ...definitions[location] });
  }
}

function happen(world: DagsterWorld, random: Random, job: DemoJob, at: Instant, now: Instant): void {
  const launcher: { [key: string]: string } = job.launchedBy
    ? { [`dagster/${job.launchedBy.kind}_name`]: job.launchedBy.name }
    : { user: random.pick(["maria", "ahmed", "li"]) };
  const run = world.at(at, () => world.addRun({ jobName: job.name, location: job.location, tags: launcher }));
  const started = at + random.between(3, 40) * second + random.between(0, 999_999);
  if (started >= now) return;
  world.at(started, () => world.start(run));
  const end = started + Math.round(job.duration * (0.6 + 0.8 * random.next()));
  if (end >= now) return;
  const status = random.chance(job.failing) ? "FAILURE" : random.chance(0.01) ? "CANCELED" : "SUCCESS";
  if (status === "SUCCESS") {
    world.at(end - second, () => {
      for (const group of job.groups) {
        for (const name of groups[job.location]![group]!.split(" ")) world.materialize([group, name], run);
      }
    });
  }
  world.at(end, () => world.finish(run, status));
}
