// Compiles the package in the working directory into dist/: its code by tsup, file by file, its declarations by tsc.
import { spawnSync } from "node:child_process";

const shell = process.platform === "win32";
for (const [command, ...args] of [
  ["tsup", "--config", "../../tsup.config.mjs", "--silent"],
  ["node", "../../node_modules/typescript-native/bin/tsc", "--project", "tsconfig.build.json", "--emitDeclarationOnly"],
]) {
  process.exitCode = spawnSync(command, args, { stdio: "inherit", shell }).status ?? 1;
  if (process.exitCode !== 0) break;
}
