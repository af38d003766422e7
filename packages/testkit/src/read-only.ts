/** Runs code as a user who may read a folder, but not write to it. */
import { chmod, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Whether this system supports that. */
export const hasReaders = process.platform !== "win32";

/** @param folder applies to its contents too. Must be in its own folder, or in the system's temporary folder */
export async function readingOnly<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = await modes(folder);
  for (const [path, { isFolder }] of before) await chmod(path, isFolder ? 0o555 : 0o444);
  await chmod(dirname(folder), (await stat(dirname(folder))).mode | 0o055);
  // Permissions do not apply to root.
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isSuperuser) process.seteuid?.(0);
    for (const [path, { mode }] of before) await chmod(path, mode).catch(() => undefined);
  }
}

async function modes(folder: string): Promise<Map<string, { readonly mode: number; readonly isFolder: boolean }>> {
  const paths = [folder, ...(await readdir(folder, { recursive: true })).map((path) => join(folder, path))];
  const found = await Promise.all(paths.map((path) => stat(path)));
  return new Map(
    paths.map((path, index) => [path, { mode: found[index]!.mode, isFolder: found[index]!.isDirectory() }]),
  );
}
