// Compiles the package in the working directory into dist/, file by file: a bundler can leave out what nobody uses, which
// it cannot do with a bundle (see "Sizes and runtimes" in the clients' READMEs).
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const windows = process.platform === "win32";
process.exitCode =
  spawnSync("tsc", ["--project", "tsconfig.build.json"], { stdio: "inherit", shell: windows }).status ?? 1;
