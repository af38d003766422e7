/** The configuration that a host passes: one server, as JSON. */
import type { AirflowAuth } from "@org/airflow-client";
import type { Source } from "@org/sync-engine";
import * as z from "zod";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { didYouMean } from "../nearest.ts";
import { proxiedFetch } from "../proxy.ts";
import { airflowSource, checkAddress, dagsterSource, type SourceKind, sourceKinds } from "../sources.ts";
import { readJson } from "./json-file.ts";

/** One setting, for people who fill in a form. */
interface Setting {
  readonly title: string;
  readonly description: string;
  readonly type: "string" | "boolean";
  readonly default?: boolean;
  readonly enum?: readonly string[];
  readonly secret?: true;
  readonly examples?: readonly string[];
}

/** The settings, in the order in which a form shows them. */
export const settings = {
  kind: { title: "Kind of server", description: "airflow or dagster.", type: "string", enum: sourceKinds },
  url: {
    title: "URL",
    description: "The server's URL, as in the browser, without credentials.",
    type: "string",
    examples: ["https://airflow.example.com"],
  },
  username: { title: "User name", description: "Airflow: exchanged for a token, with the password.", type: "string" },
  password: { title: "Password", description: "Airflow: of this user.", type: "string", secret: true },
  token: {
    title: "Token",
    description: "Airflow: instead of user name and password. Dagster+: a user token.",
    type: "string",
    secret: true,
  },
  proxy: {
    title: "Proxy",
    description: "http://user:password@host:port. Default: that of HTTPS_PROXY and HTTP_PROXY.",
    type: "string",
    secret: true,
  },
  ca_file: {
    title: "Certificate authorities",
    description: "A PEM file, where the connector runs, with additional trusted certificate authorities.",
    type: "string",
  },
  batch: {
    title: "Batch endpoints",
    description: "Airflow: false lists rows by GET, which is slower but writes no entries to its audit log.",
    type: "boolean",
    default: true,
  },
  store: {
    title: "Store",
    description:
      "A SQLite file that outlives the run and holds a copy of the rows. With it, deletions and changes without a time " +
      "stamp are found too. Default: none.",
    type: "string",
    examples: ["/data/dagsync.sqlite"],
  },
  allow_mass_delete: {
    title: "Allow mass deletion",
    description: "With a store: believes it when more than 20 % and more than 100 rows of a table are gone.",
    type: "boolean",
    default: false,
  },
} as const satisfies Readonly<Record<string, Setting>>;

const text = z.string("must be text").min(1, "is empty");
/** Some hosts pass everything as text. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")], {
  error: "must be true or false",
});

const schema = z.strictObject(
  {
    kind: z.enum(sourceKinds, `must be ${sourceKinds.join(" or ")}`),
    url: text,
    username: text.optional(),
    password: text.optional(),
    token: text.optional(),
    proxy: text.optional(),
    ca_file: text.optional(),
    batch: flag.optional(),
    store: text.optional(),
    allow_mass_delete: flag.optional(),
  } satisfies Record<keyof typeof settings, z.ZodType>,
  "must be an object with a key for each setting",
);

export type ConnectorConfig = z.output<typeof schema>;

/** What a front end syncs. */
export interface Connector {
  readonly config: ConnectorConfig;
  readonly source: Source;
}

/** @throws UsageError that says where the mistake is, and never what a secret is */
export async function readConnector(file: string | undefined, io: Pick<Io, "env" | "signal">): Promise<Connector> {
  const where = "--config";
  if (file === undefined) throw new UsageError(`${where} is missing: it names a JSON file with at least kind and url.`);
  const value = withoutEmpty(await readJson(file, where, io.signal));
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new UsageError(parsed.error.issues.map((issue) => mistake(file, value, issue)).join("\n"));
  }
  return { config: parsed.data, source: sourceOf(file, parsed.data, io.env) };
}

/** Hosts pass settings that were left empty as null or as empty text. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const isSet = ([name, each]: [string, unknown]) => !(name in settings) || (each !== null && each !== "");
  return Object.fromEntries(Object.entries(value).filter(isSet));
}

function mistake(file: string, value: unknown, issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(settings);
    const [key = ""] = issue.keys;
    // It may be a secret in the wrong place, so its place is named.
    const place = Object.keys(value as object).indexOf(key) + 1;
    return `${file}: setting ${place} is unknown.${didYouMean(key, known) || ` There are: ${known.join(", ")}.`}`;
  }
  const [setting] = issue.path;
  if (setting === undefined) return `${file} ${issue.message}.`;
  const isMissing = typeof value === "object" && value !== null && !(setting in value);
  return `${file}: ${String(setting)} ${isMissing ? "is missing" : issue.message}.`;
}

function sourceOf(file: string, config: ConnectorConfig, env: Io["env"]): Source {
  const { kind, url: address, proxy, ca_file: caFile, batch = true } = config;
  checkAddress(kind, { address, label: `${file}: url`, isInFile: true });
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  const fetch = proxiedFetch(env, { proxy, caFile, label: file, onNotice });
  if (kind === "airflow") return airflowSource({ address, fetch, notices, batch, auth: airflowAuthOf(file, config) });
  for (const key of ["username", "password", "batch"] as const) {
    // A form fills in a default.
    if (config[key] !== undefined && config[key] !== true) {
      throw new UsageError(`${file}: ${key} is only for Airflow, and kind is dagster. Leave it out.`);
    }
  }
  return dagsterSource({ address, fetch, notices, ...(config.token !== undefined && { token: config.token }) });
}

function airflowAuthOf(file: string, { username, password, token }: ConnectorConfig): AirflowAuth | undefined {
  if (token !== undefined && (username ?? password) !== undefined) {
    throw new UsageError(`${file}: token and username or password are set: remove one of these ways to log in.`);
  }
  if (token !== undefined) return { token };
  if (username !== undefined && password !== undefined) return { username, password };
  if (username === undefined && password === undefined) return undefined;
  throw new UsageError(`${file}: ${username === undefined ? "username" : "password"} is missing beside the other.`);
}

/** How states and messages call a server. */
export function sourceName({ config, source }: Connector): string {
  return `${config.kind satisfies SourceKind} ${source.url}`;
}
