import type { Random } from "../random.ts";
import { day, hour, type Instant, minute, second } from "../time.ts";
import type { TaskDefinition } from "./records.ts";

/** A DAG of the demo, and how it behaves. */
export interface DemoDag {
  readonly dagId: string;
  readonly description: string;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly schedule: string;
  readonly every: Instant;
  /** When in its interval it is due. */
  readonly offset: Instant;
  readonly tasks: readonly TaskDefinition[];
  /** The task that sometimes fails, and how often an attempt does. */
  readonly failing?: { readonly taskId: string; readonly chance: number };
  readonly isPaused?: true;
  readonly isStale?: true;
}

type Extra = Partial<Pick<DemoDag, "failing" | "isPaused" | "isStale">>;

function daily(
  at: string,
  dagId: string,
  owner: string,
  tasks: string,
  description: string,
  extra: Extra = {},
): DemoDag {
  const [hours, minutes] = at.split(":").map(Number) as [number, number];
  const schedule = `${minutes} ${hours} * * *`;
  const offset = hours * hour + minutes * minute;
  return {
    dagId,
    description,
    owner,
    tags: [owner, "daily"],
    schedule,
    every: day,
    offset,
    tasks: parse(tasks),
    ...extra,
  };
}

function everyHours(
  hours: number,
  dagId: string,
  owner: string,
  tasks: string,
  description: string,
  extra: Extra = {},
): DemoDag {
  const schedule = hours === 1 ? "5 * * * *" : `5 */${hours} * * *`;
  const every = hours * hour;
  return {
    dagId,
    description,
    owner,
    tags: [owner],
    schedule,
    every,
    offset: 5 * minute,
    tasks: parse(tasks),
    ...extra,
  };
}

/** `extract 40s, load*3 2m r2`: name, number of mapped instances, duration, retries. */
function parse(text: string): TaskDefinition[] {
  return text.split(", ").map((part) => {
    const match = /^(\w+)(?:\*(\d+))? (\d+)(s|m)(?: r(\d))?$/.exec(part);
    if (!match) throw new Error(`Not a task of the demo: ${part}`);
    const [, taskId, mapped, amount, unit, retries] = match;
    return {
      taskId: taskId!,
      operator: operatorOf(taskId!),
      duration: Number(amount) * (unit === "m" ? minute : second),
      ...(mapped ? { mapped: Number(mapped) } : {}),
      ...(retries ? { retries: Number(retries) } : {}),
    };
  });
}

function operatorOf(taskId: string): string {
  if (taskId.startsWith("dbt_")) return "BashOperator";
  if (taskId.startsWith("wait_")) return "S3KeySensor";
  if (taskId.startsWith("notify")) return "SlackAPIPostOperator";
  return taskId.startsWith("train_") ? "KubernetesPodOperator" : "PythonOperator";
}

/** The DAGs of a shop with a data team, a finance department and a little machine learning. */
export const companyDags: readonly DemoDag[] = [
  everyHours(1, "load_orders", "sales", "extract 40s r2, validate 10s, load 90s r1", "Orders of the shop, hourly.", {
    failing: { taskId: "extract", chance: 0.05 },
  }),
  daily(
    "02:00",
    "dbt_nightly",
    "analytics",
    "dbt_deps 20s, dbt_run 38m r1, dbt_test 9m, dbt_docs 2m",
    "The nightly build.",
    {
      failing: { taskId: "dbt_test", chance: 0.25 },
    },
  ),
  daily(
    "06:30",
    "finance_close",
    "finance",
    "wait_for_ledger 12m, reconcile 6m r1, publish 30s, notify 2s",
    "Daily close.",
    {
      failing: { taskId: "reconcile", chance: 0.35 },
    },
  ),
  everyHours(
    6,
    "ingest_payments",
    "finance",
    "list_files 5s, fetch*6 45s r3, merge 2m",
    "Files of the payment provider.",
    {
      failing: { taskId: "fetch", chance: 0.4 },
    },
  ),
  daily("01:15", "load_customers", "sales", "extract 4m r1, load 3m", "Customer master data."),
  daily("01:30", "load_products", "sales", "extract 2m r1, load 1m", "Product catalogue."),
  everyHours(12, "sync_salesforce", "sales", "accounts 3m r2, opportunities 5m r2, contacts 4m r2", "From the CRM.", {
    failing: { taskId: "opportunities", chance: 0.3 },
  }),
  daily(
    "03:00",
    "train_recommendations",
    "ml",
    "features 22m, train_model 95m r1, evaluate 7m, deploy 40s",
    "Nightly model.",
    {
      failing: { taskId: "train_model", chance: 0.15 },
    },
  ),
  everyHours(6, "score_customers", "ml", "load_model 20s, score*4 6m r1, write 1m", "Churn scores."),
  daily(
    "05:00",
    "marketing_attribution",
    "marketing",
    "sessions 14m, attribute 26m, publish 1m",
    "Who brought the order.",
  ),
  everyHours(3, "ads_spend", "marketing", "google 50s r3, meta 70s r3, merge 15s", "Spend by campaign.", {
    failing: { taskId: "meta", chance: 0.5 },
  }),
  everyHours(1, "web_events", "platform", "compact*4 30m r1, load 12m", "Click stream."),
  daily("04:20", "inventory_snapshot", "logistics", "snapshot 6m r1, compare 2m", "Stock at the end of the day."),
  everyHours(4, "warehouse_feed", "logistics", "wait_for_file 9m, parse 40s, load 1m", "From the warehouse.", {
    failing: { taskId: "parse", chance: 0.12 },
  }),
  daily("07:00", "sales_report", "sales", "query 3m, render 20s, notify 2s", "Report for the morning."),
  daily("07:10", "executive_dashboard", "analytics", "refresh 11m r1, notify 2s", "What the board looks at."),
  daily("00:30", "currency_rates", "finance", "fetch 3s r3, load 2s", "Rates of the central bank."),
  everyHours(8, "data_quality", "platform", "check*8 1m, summarize 5s", "Checks on all marts.", {
    failing: { taskId: "check", chance: 0.2 },
  }),
  daily("23:00", "backup_metadata", "platform", "dump 7m r1, upload 2m", "Metadata database."),
  daily("22:00", "cleanup_tmp", "platform", "cleanup 30s", "Old temporary files."),
  daily("08:00", "hr_headcount", "people", "extract 25s, load 5s", "Head count.", { isPaused: true }),
  daily("04:45", "support_tickets", "support", "extract 3m r2, classify 8m, load 30s", "Tickets and their topics."),
  daily("05:30", "gdpr_erasure", "platform", "collect 30s, erase*3 2m r2, confirm 5s", "Deletion requests."),
  daily("03:45", "supplier_prices", "logistics", "fetch*5 50s r2, load 40s", "Price lists."),
  daily("06:00", "legacy_crm_export", "sales", "export 20m", "From the CRM that was replaced.", { isStale: true }),
];

/** More DAGs, if the company's are not enough. */
export function inventedDags(count: number, random: Random): DemoDag[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    daily(
      `${random.between(0, 23)}:${random.between(0, 59)}`,
      `team_${String(index % 40).padStart(2, "0")}_feed_${String(index).padStart(5, "0")}`,
      `team_${index % 40}`,
      "extract 30s r1, transform 50s, load 20s",
      "One of many.",
    ),
  );
}
