import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { run } from "./processes.ts";

/** In order of preference. On 3.11 the servers sometimes crash (SIGSEGV), especially on a busy machine. */
const preferred = [12, 13, 11, 10];

/** No suitable Python was found. The message says what to install. */
export class MissingPythonError extends Error {
  override readonly name = "MissingPythonError";
  readonly code = "MISSING_PYTHON";
  readonly retryable = false;
}

/** A Python on this machine. */
export interface Python {
  /** Path of the interpreter itself, not of a shim. */
  executable: string;
  /** For example `3.12.4`. */
  version: string;
}

/** The Python versions that a server supports. */
export interface PythonRange {
  /** The oldest supported version. Default: `3.10`. */
  from?: string | undefined;
  /** The first unsupported version. Default: `3.14`. */
  before?: string | undefined;
}

/**
 * Finds a Python in a version range. It runs the candidates, because a version manager's shim may not work, and a
 * distribution's Python may lack the `venv` module.
 *
 * @param range Narrower for some server versions.
 * @param env Its PATH and version managers' variables say where to look. Default: this process's.
 * @throws MissingPythonError: If none is suitable, with each candidate's output.
 */
export async function findPython(range: PythonRange = {}, env: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const minors = minorsOf(range);
  const rejected: string[] = [];
  for (const command of candidates(minors, env)) {
    const script =
      "import sys,venv,ensurepip;print(sys._base_executable,'.'.join(map(str,sys.version_info[:3])),sep='\\n')";
    const answer = await run(command, ["-c", script], { env, timeoutMs: 120_000 }).catch((error: Error) => error);
    if (answer instanceof Error) {
      rejected.push(`  ${command}: ${answer.message.trim().split("\n").at(-1)}`);
      continue;
    }
    const [executable = "", version = ""] = answer.trim().split("\n").slice(-2);
    if (version.startsWith("3.") && minors.includes(minorOf(version))) return { executable, version };
    rejected.push(`  ${command}: version ${version}`);
  }
  const seen =
    rejected.length > 0 ? `Found, but not usable:\n${rejected.join("\n")}` : "No Python was found on the PATH.";
  throw new MissingPythonError(
    `This needs Python ${describeRange(range)} with its venv module. ${seen}\n` +
      "Install one, e.g. `apt install python3 python3-venv`, `brew install python@3.12`, or from https://www.python.org/downloads/",
  );
}

/** For example `3.10 to 3.13`. */
export function describeRange(range: PythonRange): string {
  const minors = minorsOf(range);
  return `3.${Math.min(...minors)} to 3.${Math.max(...minors)}`;
}

function minorsOf({ from = "3.10", before = "3.14" }: PythonRange): number[] {
  return preferred.filter((minor) => minor >= minorOf(from) && minor < minorOf(before));
}

const minorOf = (version: string) => Number(version.split(".")[1]);

/**
 * Paths of interpreters, in order of preference. A name may be on the PATH several times, with a broken shim first, and a
 * version manager's Pythons may not be on it at all.
 */
function candidates(minors: readonly number[], env: NodeJS.ProcessEnv): string[] {
  const path = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const installed = installFolders(env, path);
  const named = minors.flatMap((minor) => {
    const name = `python3.${minor}`;
    return [...path.map((folder) => join(folder, name)), ...installed.map((folder) => join(folder, "bin", name))];
  });
  const others = ["python3", "python"].flatMap((name) => path.map((folder) => join(folder, name)));
  return [...new Set([...named, ...others])].filter((file) => existsSync(file));
}

/** The folders of the Pythons that pyenv, uv, asdf and mise have installed. */
function installFolders(env: NodeJS.ProcessEnv, path: readonly string[]): string[] {
  const home = env.HOME ?? homedir();
  const data = env.XDG_DATA_HOME ?? join(home, ".local", "share");
  const roots = [
    join(env.PYENV_ROOT ?? join(home, ".pyenv"), "versions"),
    // Programs may have the shims on their PATH without PYENV_ROOT.
    ...path.filter((folder) => folder.endsWith("shims")).map((folder) => join(folder, "..", "versions")),
    env.UV_PYTHON_INSTALL_DIR ?? join(data, "uv", "python"),
    join(env.ASDF_DATA_DIR ?? join(home, ".asdf"), "installs", "python"),
    join(env.MISE_DATA_DIR ?? join(data, "mise"), "installs", "python"),
  ];
  return [...new Set(roots)]
    .filter((root) => existsSync(root))
    .flatMap((root) => readdirSync(root).map((version) => join(root, version)));
}
