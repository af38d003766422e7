import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "@org/testkit/servers/processes";
import { obtain } from "./tools.ts";

/** Something that runs JavaScript. All but Node's own come from npm when a test first needs them. */
export interface Runtime {
  readonly name: string;
  /** What its `navigator.userAgent` says. */
  readonly userAgent: RegExp;
  /** What it runs: files as they are, or a bundle made for it. */
  readonly runs: "files" | "browser bundle" | "worker bundle";
  /** The command and its first arguments. @throws where this machine cannot have it */
  command(): Promise<readonly [string, ...string[]]>;
}

const chromium = "147.0.0";

/** The oldest Node that the packages claim, the checkout's own, the newest, and what is no Node. */
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

/** A Chromium that is made for servers without a screen; its package unpacks it. */
async function chromiumCommand(): Promise<readonly [string, ...string[]]> {
  const folder = await obtain(`@sparticuz/chromium@${chromium}`);
  const command = join(folder, "chromium");
  if (!existsSync(command)) {
    const index = pathToFileURL(join(folder, "node_modules/@sparticuz/chromium/build/esm/index.js"));
    const script = `import chromium from ${JSON.stringify(index)}; await chromium.executablePath();`;
    // It unpacks into the temporary folder, which this one is for it.
    await run(process.execPath, ["--input-type=module", "--eval", script], { env: { ...process.env, TMPDIR: folder } });
    chmodSync(command, 0o755);
  }
  await run(command, ["--version"]);
  return [command, "--headless=shell", "--no-sandbox", "--no-zygote", "--disable-gpu", "--remote-debugging-port=0"];
}
