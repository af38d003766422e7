import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPython, type Python, type PythonRange } from "./find-python.ts";
import { run } from "./processes.ts";

/** The checkout's `.cache/`, for everything that live tests and demos install. Safe to delete. */
export const cacheFolder = fileURLToPath(new URL("../../../../.cache/", import.meta.url));

/** When you raise it, check that the requirements still compile. */
const uvVersion = "0.13.8";

/** Where Python keeps compiled modules. Not next to their sources, some of which are in the checkout. */
export const compiledFolder = join(cacheFolder, "pycache");

/**
 * An environment for Python programs, without settings that are meant for another Python on this machine. In particular
 * without `PYTHONDONTWRITEBYTECODE`, which images often set: every process would then compile Dagster again, for three
 * seconds.
 */
export function pythonEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PYTHON|VIRTUAL_ENV$)/.test(name));
  return { ...Object.fromEntries(kept), PYTHONPYCACHEPREFIX: compiledFolder };
}

/** A virtual environment with everything from its lock file. */
export interface VirtualEnvironment {
  /** Path of its interpreter. */
  python: string;
  /** Path of one of its commands, e.g. `bin("airflow")`. */
  bin(name: string): string;
}

/**
 * Creates a virtual environment from its lock file, or reuses an existing one. It is built under a temporary name and
 * renamed when complete, so an interrupted installation is never used.
 *
 * @param options.name Name of the lock file in `requirements/`, e.g. `airflow-3.3.2`: pinned requirements, as written by
 * `uv pip compile`.
 * @param options.pythons The supported Pythons. Default: 3.10 to 3.13.
 * @param options.log Receives progress, one line at a time.
 * @throws MissingPythonError: If this machine has no suitable Python.
 */
export async function ensureVenv(options: {
  name: string;
  pythons?: PythonRange | undefined;
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
}): Promise<VirtualEnvironment> {
  const { name, pythons, log, signal } = options;
  const lockFile = fileURLToPath(new URL(`requirements/${name}.txt`, import.meta.url));
  const python = await findPython(pythons);
  const lock = await readFile(lockFile, "utf8");
  const folder = join(cacheFolder, "python", `${name}-${fingerprint([lock, python.version, python.executable])}`);
  await buildOnce(folder, async (temporary) => {
    const uv = await ensureUv(python, log, signal);
    log(`Installing ${name} with Python ${python.version} into .cache/ (once; a minute or two)`);
    const env = uvEnvironment();
    // Relocatable, since otherwise its commands would contain the interpreter's temporary path.
    await run(uv, ["venv", "--quiet", "--relocatable", "--python", python.executable, temporary], { env, signal });
    await run(uv, ["pip", "sync", "--quiet", "--python", join(temporary, "bin", "python"), lockFile], { env, signal });
  });
  return { python: join(folder, "bin", "python"), bin: (command) => join(folder, "bin", command) };
}

/**
 * Installs the pinned `uv` from PyPI with pip, in its own environment.
 *
 * @returns Path of its executable.
 */
async function ensureUv(python: Python, log: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const folder = join(cacheFolder, "python", `uv-${uvVersion}-${fingerprint([python.version, python.executable])}`);
  await buildOnce(folder, async (temporary) => {
    log(`Installing uv ${uvVersion} from PyPI into .cache/`);
    await run(python.executable, ["-m", "venv", temporary], { signal });
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", `uv==${uvVersion}`];
    await run(join(temporary, "bin", "python"), pip, { signal });
  });
  return join(folder, "bin", "uv");
}

/** Environment variables of `uv`: it never downloads a Python, and keeps its cache in ours. */
function uvEnvironment(): NodeJS.ProcessEnv {
  return { UV_CACHE_DIR: join(cacheFolder, "uv"), ...process.env, UV_PYTHON_DOWNLOADS: "never" };
}

/** If two processes build the same folder at once, both use the one that is finished first. */
async function buildOnce(folder: string, build: (temporary: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  await mkdir(join(folder, ".."), { recursive: true });
  const temporary = `${folder}.${process.pid}.partial`;
  await rm(temporary, { recursive: true, force: true });
  try {
    await build(temporary);
    await rename(temporary, folder).catch((error: Error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function fingerprint(parts: string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);
}
