/** The command lines of deployed jobs. They end up in files that many can read. */
import type { JobCommand } from "@org/runner";
import { UsageError } from "../errors.ts";
import { escaped } from "../render/safe-output.ts";

/**
 * The words of `--dagsync`: how the workers start the command, as in `node /opt/dagsync/bin.js`. Quotes keep blanks
 * together.
 *
 * @throws UsageError
 */
export function wordsOf(option: string, text: string): readonly string[] {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain!,
  );
  if (words.length > 0) return words;
  throw new UsageError(`${option} is empty: name the program.`);
}

/**
 * The program and its arguments.
 *
 * @param schedule its name, for messages
 * @param dagsync how the workers start `dagsync`
 * @throws UsageError for a command that no system can start, or that seems to contain a secret
 */
export function commandLineOf(schedule: string, command: JobCommand, dagsync: readonly string[]): readonly string[] {
  const words = argumentsOf(command, dagsync);
  if (words.some((word) => word.includes("\0") || !word.isWellFormed())) {
    throw new UsageError(
      `Schedule "${escaped(schedule)}": its command contains NUL or broken Unicode, which no program can receive.`,
    );
  }
  if (hasSecret(words)) {
    throw new UsageError(
      `Schedule "${escaped(schedule)}": its command seems to contain a password or token, which everyone who can read the deployed file would see. Put it into the workers' environment instead, and write "$NAME" in a shell command.`,
    );
  }
  return words;
}

function argumentsOf(command: JobCommand, dagsync: readonly string[]): readonly string[] {
  if (command.kind === "shell") return ["/bin/sh", "-c", command.text];
  return command.kind === "dagsync" ? [...dagsync, ...command.args] : command.args;
}

/** The password in `scheme://user:password@host`, unless the shell puts it there. */
const inAddress = /[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:(?!["']?[$<{])[^\s/@]+@/i;
const secretName = "[\\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)";
/** A value, neither the shell's nor a path. */
const aValue = "[\"']?(?![$/<{\"'\\s])\\S";
const assigned = new RegExp(`(?:^|[\\s;&|"'(])${secretName}=${aValue}`, "i");
const asOption = new RegExp(`(?:^|\\s)--?${secretName}\\s+(?!-)${aValue}`, "i");

function hasSecret(words: readonly string[]): boolean {
  const text = words.join(" ");
  return inAddress.test(text) || assigned.test(text) || asOption.test(text);
}
