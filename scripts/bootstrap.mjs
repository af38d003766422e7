// Runs on any Node >= 20 before anything is installed: uses nothing but Node itself.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
/** pnpm with its version, as npx takes it. */
export const packageManager = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;
const windows = process.platform === "win32";

/** Runs a command in the checkout with its output shown, and resolves with its exit code. */
export function run(command, args, { environment = {}, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
      shell: windows,
    });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code && quiet) process.stderr.write(output);
      resolve(code ?? 1);
    });
  });
}

/** Installs the packages when the lock file changed since the last time, and says so. */
export async function install({ log = console.log } = {}) {
  const [major] = process.versions.node.split(".");
  if (Number(major) < 20) fail(`Node ${process.version} is too old: install Node 20 or newer.`);
  const stamp = join(root, "node_modules", ".installed");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "pnpm-lock.yaml")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  log(`Installing packages with ${packageManager} (about half a minute the first time) …`);
  const code = await run("npx", ["--yes", packageManager, "install", "--frozen-lockfile"], { quiet: true });
  if (code !== 0)
    fail(`Installing the packages failed with exit code ${code}: see above. Is the npm registry reachable?`);
  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(stamp, lock);
}

/** Runs a TypeScript file of the checkout with the Node that the checkout installed. */
export function runTypeScript(file, args, environment = {}) {
  const bin = join(root, "node_modules", ".bin");
  return run(join(bin, windows ? "node.cmd" : "node"), ["--conditions=@org/source", join(root, file), ...args], {
    environment: { PATH: `${bin}${delimiter}${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: "1", ...environment },
  });
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}
