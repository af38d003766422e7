/**
 * Loaded before a program (`node --import`), this kills it at a named moment of a commit: `manifest-made:5` at the fifth
 * manifest. The program knows nothing of it: what it asks of the file system says where it is.
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
