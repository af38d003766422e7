import { install, runTypeScript } from "./bootstrap.mjs";

const nightly = process.argv.includes("--nightly");
await install();
process.exitCode = await runTypeScript("scripts/check.ts", process.argv.slice(2), nightly ? { NIGHTLY: "1" } : {});
