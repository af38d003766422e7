import { install, runTypeScript } from "./bootstrap.mjs";

await install();
process.exitCode = await runTypeScript("scripts/start.ts", process.argv.slice(2));
