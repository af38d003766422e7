import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "@org/testkit/servers/processes";
import { obtain } from "./tools.ts";

/** A JavaScript runtime. All but the current Node are installed from npm when first needed. */
export interface Runtime {
  readonly name: string;
  /** Pattern of its `navigator.userAgent`. */
  readonly userAgent: RegExp;
  /** Whether it runs files directly, or a bundle. */
  readonly runs: "files" | "browser bundle" | "worker bundle";
  /** The command and its first arguments. @throws if it is not available for this machine */
  command(): Promise<readonly [string, ...string[]]>;
}

const chromium = "147.0.0";

/** The oldest Node that the packages support, the checkout's, the newest, and other runtimes. */
export const runtimes: readonly Runtime[] = [
  node("22.13.0"),
  {
    name: `Node ${process.versions.node}`,
    userAgent: new RegExp(`^Node.js/${process.versions.node.split(".")[0]}`),
    runs: "files",
    command: async () => [process.execPath],
  },
  node("26.10.0"),
  fromNpm("Bun", "bun@1.4.5", /^Bun\/1\.4\.5/, "files", [".bin", "bun"], []),
  fromNpm(
    "Deno",
    "deno@2.9.6",
    /^Deno\/2\.9\.6/,
    "files",
    [".bin", "deno"],
    ["run", "--no-config", "--node-modules-dir=manual", "--allow-all"],
  ),
  fromNpm("workerd", "workerd@1.20261117.1", /^Cloudflare-Workers/, "worker bundle", [".bin", "workerd"], ["test"]),
  {
    name: `Chromium ${chromium}`,
    userAgent: /HeadlessChrome\/147\./,
    runs: "browser bundle",
    command: chromiumCommand,
  },
];

function node(version: string): Runtime {
  const userAgent = new RegExp(`^Node.js/${version.split(".")[0]}`);
  return fromNpm("Node", `node@${version}`, userAgent, "files", ["node", "bin", "node"], []);
}

function fromNpm(
  title: string,
  specification: string,
  userAgent: RegExp,
  runs: Runtime["runs"],
  path: readonly string[],
  args: readonly string[],
): Runtime {
  return {
    name: `${title} ${specification.split("@")[1]}`,
    userAgent,
    runs,
    async command() {
      const command = join(await obtain(specification), "node_modules", ...path);
      await run(command, ["--version"]);
      return [command, ...args];
    },
  };
}

/** A headless Chromium for servers, which its package unpacks. */
async function chromiumCommand(): Promise<readonly [string, ...string[]]> {
  const folder = await obtain(`@sparticuz/chromium@${chromium}`);
  const command = join(folder, "chromium");
  if (!existsSync(command)) {
    const index = pathToFileURL(join(folder, "node_modules/@sparticuz/chromium/build/esm/index.js"));
    const script = `import chromium from ${JSON.stringify(index)}; await chromium.executablePath();`;
    // It unpacks into the temporary folder, so point that to its cache folder.
    await run(process.execPath, ["--input-type=module", "--eval", script], { env: { ...process.env, TMPDIR: folder } });
    chmodSync(command, 0o755);
  }
  await run(command, ["--version"]);
  return [command, "--headless=shell", "--no-sandbox", "--no-zygote", "--disable-gpu", "--remote-debugging-port=0"];
}
