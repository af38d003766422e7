/** Files that a deploy writes to a shared folder. It only changes and removes its own. */
import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import { UsageError } from "../errors.ts";
import { escaped } from "../render/safe-output.ts";

/** What a deploy does to a file. */
export interface FileChange {
  readonly kind: "new" | "changed" | "removed";
  /** In the folder. */
  readonly name: string;
  /** The text before; empty if it is new. */
  readonly before: string;
  /** The text afterwards; empty if it is removed. */
  readonly after: string;
}

/** Files of a folder, by name. */
export type Files = ReadonlyMap<string, string>;

/** The first line of each deployed file. It tells the next deploy which files are its own. */
export function headerOf(target: "airflow" | "dagster", owner: string): string {
  return `# Written by dagsync deploy ${target} (${owner}). The next deploy overwrites it.`;
}

/** `--owner`. @throws UsageError */
export function checkOwner(owner: string): string {
  if (/^[\w.-]{1,100}$/.test(owner)) return owner;
  throw new UsageError("--owner must consist of letters, digits, dots, dashes and underscores.");
}

/**
 * The files `dagsync_*.py` of a folder that begin with this header. A copy under another name is not ours.
 *
 * @param option how the folder was given, for messages
 * @throws UsageError if there is no such folder
 */
export async function ownFiles(folder: string, header: string, option: string): Promise<Files> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new UsageError(`${option}: there is no such folder. Create it, or correct the path.`);
  const own = new Map<string, string>();
  for (const name of (await readdir(folder)).sort()) {
    const text = /^dagsync_.*\.py$/s.test(name) ? await textOf(join(folder, name)) : undefined;
    if (text !== undefined && isOwn(text, header)) own.set(name, text);
  }
  return own;
}

/**
 * The changes that leave the folder with these files, and no others of this deploy.
 *
 * @throws UsageError if another deploy's or a person's file is in the way
 */
export async function changesIn(
  folder: string,
  { own, wanted }: { readonly own: Files; readonly wanted: Files },
): Promise<FileChange[]> {
  const changes: FileChange[] = [];
  for (const [name, after] of wanted) {
    const before = own.get(name);
    if (before === after) continue;
    if (before === undefined && (await textOf(join(folder, name))) !== undefined) {
      throw new UsageError(
        `${escaped(join(folder, name))} is in the way: another deploy or a person wrote it. Move it away, or rename the schedule.`,
      );
    }
    changes.push({ kind: before === undefined ? "new" : "changed", name, before: before ?? "", after });
  }
  for (const [name, before] of own) {
    if (!wanted.has(name)) changes.push({ kind: "removed", name, before, after: "" });
  }
  return changes.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Makes a change atomically: readers see the file as it was, or as it will be. */
export async function applyChange(folder: string, { kind, name, after }: FileChange): Promise<void> {
  const path = join(folder, name);
  if (kind === "removed") return rm(path, { force: true });
  // Not .py, so that nothing parses it before it is complete.
  const temporary = join(folder, `.dagsync-${randomBytes(8).toString("hex")}.tmp`);
  try {
    await writeFile(temporary, after, { flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${escaped(path)} cannot be written (${code ?? (error as Error).message}).`);
  }
}

/** A change as `diff -u` shows it. */
export function diffOf({ kind, name, before, after }: FileChange): string {
  const [old, next] = [kind === "new" ? "/dev/null" : `a/${name}`, kind === "removed" ? "/dev/null" : `b/${name}`];
  const headers = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(old, next, before, after, undefined, undefined, headers);
}

function isOwn(text: string, header: string): boolean {
  return text.split(/\r?\n/, 1)[0] === header;
}

/** undefined if it does not exist; empty if it is not a file, or cannot be read. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : "";
  }
}
