/** Shared by the commands: how one ends, and the options that several of them have. */
import { destinationForms, tablesPlace } from "../destinations.ts";
import { UsageError } from "../errors.ts";

/** Turns a command's function into an action: the exit code that it returns becomes the program's. */
export type Run = <Given extends unknown[]>(
  work: (...given: Given) => Promise<number>,
) => (...given: Given) => Promise<void>;

const options = {
  at: ["--at <place>", tablesPlace],
  config: ["--config <file>", "the configuration (default: dagsync.yaml)"],
  days: ["--days <number>", "length of the window (default: usually 7)"],
  from: ["--from <source>", "airflow:http://… or dagster:http://…, instead of a configuration"],
  json: ["--json", "write results as lines of JSON"],
  pipeline: ["--pipeline <name>", "owner of the tables, the same at every sync (default: source and host)"],
  streams: [
    "--streams <names>",
    "only these, separated by commas; default and all stand for several (default: default)",
  ],
  timezone: ["--timezone <name>", "time zone of days and hours, as in Europe/Berlin (default: this machine's)"],
  to: ["--to <destination>", destinationForms],
} as const;

/**
 * An option of several commands, for commander's `option`.
 *
 * @param more added to its description by this command
 */
export function shared(name: keyof typeof options, more = ""): [flags: string, description: string] {
  const [flags, description] = options[name];
  return [flags, `${description}${more}`];
}

/** Names separated by commas, such as those of `--streams`; undefined if the option is missing. */
export function parseNames(text: string | undefined): readonly string[] | undefined {
  return text?.split(",").flatMap((name) => name.trim() || []);
}

/** An integer of at least 1. @throws UsageError */
export function parseCount(option: string, text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a whole number, 1 or more.`);
}

/** A port to listen on; 0 is any free one. @throws UsageError */
export function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError("--port must be a whole number from 0 to 65535.");
}

/** What `--allow-host` says. @throws UsageError */
export function hostNamesOf(text: string | undefined): readonly string[] {
  const hosts = text?.split(",").map((name) => name.trim()) ?? [];
  if (hosts.some((name) => !/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?$/i.test(name))) {
    throw new UsageError("--allow-host takes host names without a port: reports.example.com.");
  }
  return hosts;
}
