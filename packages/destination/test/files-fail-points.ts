/**
 * Preload this (`node --import`) to kill a program at a named point of a commit: `manifest-made:5` is at the fifth manifest.
 * Points are recognized by the program's calls to the file system.
 */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const [chosen, nth = "1"] = (process.env.FILES_FAILPOINT ?? "").split(":");
let reached = 0;

function reach(name: string): void {
  if (name !== chosen) return;
  reached += 1;
  if (reached === Number(nth)) process.kill(process.pid, "SIGKILL");
}

const isManifest = (path: unknown) => String(path).includes("manifests");

const { link, rename } = fs;
fs.rename = async (from, to) => {
  reach("data-file-copied");
  await rename(from, to);
  reach("data-file-made");
};
fs.link = async (from, to) => {
  if (isManifest(to)) reach("manifest-written");
  await link(from, to);
  if (isManifest(to)) reach("manifest-made");
};
syncBuiltinESMExports();
