import { install, packageManager, run } from "./bootstrap.mjs";

const nightly = process.argv.includes("--nightly");
const unit = process.argv.includes("--unit");
await install();
// Through pnpm, since turbo and publint look for it on the PATH.
process.exitCode = await run(
  "npx",
  [
    "--yes",
    packageManager,
    "exec",
    "node",
    "--conditions=@org/source",
    "scripts/check.ts",
    ...(unit ? ["--unit"] : []),
  ],
  { environment: { TURBO_TELEMETRY_DISABLED: "1", ...(nightly && { NIGHTLY: "1" }) } },
);
