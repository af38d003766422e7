import { install, runTypeScript } from "./bootstrap.mjs";

await install({ log: console.error });
process.exitCode = await runTypeScript("packages/cli/src/bin.ts", process.argv.slice(2));
