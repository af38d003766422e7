import { install, packageManager, run } from "./bootstrap.mjs";

const nightly = process.argv.includes("--nightly");
await install();
// Through pnpm, since turbo and publint look for it on the PATH.
process.exitCode = await run(
  "npx",
  ["--yes", packageManager, "exec", "node", "--conditions=@org/source", "scripts/check.ts"],
  { environment: { TURBO_TELEMETRY_DISABLED: "1", ...(nightly && { NIGHTLY: "1" }) } },
);
