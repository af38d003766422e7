/** Parses `--to` and a configuration's destinations. No message repeats what may be a secret. */
import { isAbsolute, join } from "node:path";
import type { Destination } from "@org/destination";
import type { S3Options } from "@org/destination/files";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

/** The part of an address after the `?`. */
type Options = Readonly<Record<string, string | undefined>>;

interface Kind {
  /** How to write it, for messages. */
  readonly form: string;
  /** The options that may follow a `?`, with their possible values. */
  readonly options: Readonly<Record<string, readonly string[] | undefined>>;
  /** Whether any other option may follow, for the driver. */
  readonly hasFurtherOptions?: true;
  /** Whether the location is a path, which may be relative. */
  readonly isPath?: true;
  /** An option whose value is a path too. */
  readonly pathOption?: string;
  open(place: string, options: Options, adapter: LoadAdapter): Promise<Destination>;
}

type Factory = (place: string, options?: object) => Destination;

/** Loads an adapter and its driver on first use, and returns its exported factories. */
export type LoadAdapter = (name: "sqlite" | "postgres" | "files") => Promise<Readonly<Record<string, Factory>>>;

const formats = ["parquet", "ndjson", "csv"];

const kinds: Readonly<Record<string, Kind>> = {
  duckdb: {
    form: "duckdb:orchestration.duckdb",
    options: { schema: undefined, copy: undefined },
    pathOption: "copy",
    isPath: true,
    open: async (path, options) => (await import("@org/destination/duckdb")).duckdb(path, given(options)),
  },
  sqlite: {
    form: "sqlite:orchestration.sqlite",
    options: {},
    isPath: true,
    open: async (path, _, adapter) => (await adapter("sqlite")).sqlite!(path),
  },
  postgres: {
    form: "postgres://user@host/database",
    options: { schema: undefined },
    hasFurtherOptions: true,
    open: async (url, { schema }, adapter) => (await adapter("postgres")).postgres!(url, given({ schema })),
  },
  files: {
    form: "files:folder",
    options: { format: formats },
    isPath: true,
    open: async (folder, options, adapter) => (await adapter("files")).files!(folder, given(options)),
  },
  s3: {
    form: "s3://bucket/prefix",
    options: { format: formats, region: undefined, endpoint: undefined, forcePathStyle: ["true", "false"] },
    open: async (url, { forcePathStyle, ...options }, adapter) => {
      const pathStyle = forcePathStyle && { forcePathStyle: forcePathStyle === "true" };
      return (await adapter("files")).files!(url, { ...given(options), ...pathStyle });
    },
  },
};

/** How a destination is written, for help. */
export const destinationForms =
  "duckdb:file[?schema=&copy=], md:database (MotherDuck: untested), sqlite:file, postgres://user@host/database[?schema=], " +
  "files:folder or s3://bucket/prefix [?format=parquet|ndjson|csv]";

/** A destination, and what commands need to know about its address. */
export interface OpenedDestination {
  readonly destination: Destination;
  /** Set for a DuckDB database in a file, unless a copy for readers is named. */
  readonly uncopied?: DuckdbFile;
}

/** A DuckDB database in a file. */
export interface DuckdbFile {
  readonly path: string;
  readonly schema?: string | undefined;
}

export interface DestinationOptions {
  /** Where the address was given, for messages. @default "--to" */
  readonly label?: string;
  /** Overrides the address's own schema. */
  readonly schema?: string | undefined;
  /** The folder that relative paths refer to. @default the working directory */
  readonly folder?: string;
  /** @default this release's adapters */
  readonly adapter?: LoadAdapter;
}

/** @throws UsageError */
export async function parseDestination(
  text: string,
  { label = "--to", schema, folder = "", adapter = releasedAdapter }: DestinationOptions = {},
): Promise<OpenedDestination> {
  const [, scheme = "", rest = ""] = /^([a-z0-9]+):(.*)$/is.exec(text) ?? [];
  const name = aliases[scheme] ?? scheme;
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (!kind) {
    const what = text === "" ? "empty" : scheme === "" ? "malformed" : "of an unknown kind";
    throw new UsageError(`${label} is ${what}.${didYouMean(scheme, Object.keys(kinds))} Write ${forms()}.`);
  }
  // MotherDuck's databases belong to DuckDB, under a name of their own.
  const address = scheme === "md" ? text : name === "duckdb" || kind.isPath ? rest : `${name}:${rest}`;
  const [place, options] = takeApart(address, kind, `${label} ${name}`);
  if (schema !== undefined && !("schema" in kind.options)) {
    throw new UsageError(`${label} ${name}: it has no schemas. Use a prefix instead.`);
  }
  if (place === "" || /^(postgres|s3):\/*$/.test(place)) {
    throw new UsageError(`${label} ${name}: the rest of the address is missing. Write it as in ${kind.form}.`);
  }
  const isRemote = place.startsWith("md:") || place === ":memory:";
  const located = (relative: string) => (isAbsolute(relative) ? relative : join(folder, relative));
  const path = kind.isPath && !isRemote ? located(place) : place;
  const { pathOption = "" } = kind;
  const besides = options[pathOption];
  const given = { ...options, ...(besides && { [pathOption]: located(besides) }) };
  const destination = await kind.open(path, { ...given, ...(schema !== undefined && { schema }) }, adapter);
  const isFile = name === "duckdb" && !isRemote;
  const ownSchema = schema ?? options.schema;
  return {
    destination,
    ...(isFile && !besides && { uncopied: { path, schema: ownSchema } }),
  };
}

/**
 * Whether a text is a destination's address rather than the name of a pipeline: it starts with a known kind, or with
 * what may be a misspelt one.
 */
export function isAddress(text: string): boolean {
  const [, scheme] = /^([a-z0-9]+):/i.exec(text) ?? [];
  return scheme !== undefined;
}

/** Where tables are, for the help of commands that read them. */
export const tablesPlace = `${destinationForms}, or a pipeline of the configuration`;

/** How a location for exports is written, for help. */
export const exportPlaceForms = "a folder, or s3://bucket/prefix[?region=&endpoint=&forcePathStyle=]";

/** Parses a location for exports. @throws UsageError */
export function parseExportPlace(label: string, text: string): { readonly into: string; readonly s3: S3Options } {
  if (text === "") throw new UsageError(`${label} is missing. Write ${exportPlaceForms}.`);
  if (!/^s3:/i.test(text)) return { into: text, s3: {} };
  const { s3 } = kinds as { readonly s3: Kind };
  const { format: _, ...options } = s3.options;
  const [into, { forcePathStyle, ...rest }] = takeApart(text, { ...s3, options }, label);
  return { into, s3: { ...given(rest), ...(forcePathStyle && { forcePathStyle: forcePathStyle === "true" }) } };
}

const aliases: Readonly<Record<string, string>> = { md: "duckdb", postgresql: "postgres" };

/** Splits off our own options. The driver's stay in the address, as written. */
function takeApart(address: string, kind: Kind, label: string): [place: string, options: Options] {
  const mark = address.indexOf("?");
  const place = mark < 0 ? address : address.slice(0, mark);
  const pairs = mark < 0 ? [] : address.slice(mark + 1).split("&");
  const options: Record<string, string> = {};
  const further: string[] = [];
  const names = Object.keys(kind.options);
  for (const pair of pairs) {
    const [[name, value] = ["", ""]] = new URLSearchParams(pair);
    const values = kind.options[name];
    if (names.includes(name)) {
      if (value === "") throw new UsageError(`${label}: the option ${name} is empty.`);
      if (values && !values.includes(value)) {
        throw new UsageError(`${label}: the option ${name} must be ${values.join(", ")}.${didYouMean(value, values)}`);
      }
      options[name] = value;
    } else if (kind.hasFurtherOptions) further.push(pair);
    else {
      const known = names.length > 0 ? `It has: ${names.join(", ")}.` : "It has none.";
      throw new UsageError(`${label} has an unknown option after its "?".${didYouMean(name, names)} ${known}`);
    }
  }
  return [further.length > 0 ? `${place}?${further.join("&")}` : place, options];
}

/** Omits options that are not set, as factories require. */
function given(options: Options): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Each with its own import, so that the drivers of the others are not needed. */
const adapters: Readonly<Record<Parameters<LoadAdapter>[0], () => Promise<unknown>>> = {
  sqlite: () => import("@org/destination/sqlite"),
  postgres: () => import("@org/destination/postgres"),
  files: () => import("@org/destination/files"),
};

const releasedAdapter: LoadAdapter = async (name) => (await adapters[name]()) as Awaited<ReturnType<LoadAdapter>>;

function forms(): string {
  return Object.values(kinds)
    .map(({ form }) => form)
    .join(", ")
    .replace(/, ([^,]*)$/, " or $1");
}
