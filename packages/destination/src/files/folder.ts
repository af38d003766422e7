/** A local folder, or one on a network file system that has hard links. */
import { randomUUID } from "node:crypto";
import {
  access,
  constants,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { DestinationError } from "../errors.ts";
import { folderError } from "./folder-errors.ts";
import type { Store } from "./store.ts";

/** @param path of the folder; `prepare` creates it, in a folder that exists */
export function folderStore(path: string): Store {
  const root = resolve(path);
  const place = `files:${path}`;
  const full = (part: string) => join(root, ...part.split("/"));
  const checked = (part: string) => checkedPath(root, part, place);
  const expectFolder = async (folder: string) => {
    const path = await checked(`${folder}/`);
    const found = await stat(path).catch(ifMissing);
    if (found && !found.isDirectory()) {
      const message = `${path} is a file, but ${place} needs a folder of that name for a table's files. Move the file away.`;
      throw new DestinationError("NOT_A_DESTINATION", message);
    }
    if (found) await access(path, constants.W_OK);
  };
  const guarded = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw folderError(error, place, doing);
    }
  };
  return {
    place,
    names: () => guarded("Listing the folder", () => namesIn(root)),
    prepare: () =>
      guarded("Creating the folder", async () => {
        await makeFolder(root, place);
        const manifests = await checked("_sync/manifests/");
        await mkdir(manifests, { recursive: true });
        await removeUnfinished(manifests);
      }),
    checkFolder: (folder) => guarded("Listing the folder", () => expectFolder(folder)),
    list: (folder) =>
      guarded("Listing the folder", async () => {
        const names = await namesIn(await checked(`${folder}/`));
        return names.map((name) => `${folder}/${name}`);
      }),
    read: (file) => guarded(`Reading ${file}`, () => readFile(full(file), "utf8").catch(ifMissing)),
    create: (file, text) => guarded(`Writing ${file}`, async () => createFile(await checked(file), text, place)),
    upload: (file, to) =>
      guarded(`Writing ${to}`, async () => {
        const path = await checked(to);
        await expectFolder(dirname(to));
        await mkdir(dirname(path), { recursive: true });
        // Under another name first, so that no reader of the whole folder finds a partial file.
        const unfinished = `${path}.tmp`;
        await copyFile(file, unfinished, constants.COPYFILE_EXCL);
        await makeDurable(unfinished);
        await rename(unfinished, path);
        await makeFolderDurable(dirname(path));
      }),
    download: (from, file) =>
      guarded(`Reading ${from}`, async () =>
        copyFile(full(from), file).then(
          () => true,
          (error) => ifMissing(error) ?? false,
        ),
      ),
    remove: (files) =>
      guarded("Removing old files", async () => {
        for (const file of files) {
          const path = await checked(file);
          const found = await lstat(path).catch(ifMissing);
          // Anything but a file is not what was written.
          if (found?.isFile()) await rm(path, { force: true });
        }
      }),
    locate: full,
    close() {},
  };
}

/**
 * A path that no link leads out of the location: anything written or removed below a link would belong to someone else.
 */
export async function checkedPath(root: string, part: string, place: string): Promise<string> {
  let folder = root;
  for (const name of part.split("/").slice(0, -1)) {
    folder = join(folder, name);
    if ((await lstat(folder).catch(ifMissing))?.isSymbolicLink()) throw throughLink(folder, place);
  }
  return join(root, ...part.split("/"));
}

/**
 * A hard link to a finished file appears complete and at once, and fails if the name is taken: the file system itself
 * decides between two processes. Renaming would replace the other's file; opening with O_EXCL would show a partial one.
 */
async function createFile(file: string, text: string, place: string): Promise<boolean> {
  const unfinished = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(unfinished, "wx");
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(unfinished, file);
    await makeFolderDurable(dirname(file));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "ENOTSUP" && code !== "ENOSYS" && code !== "EMLINK") throw error;
    throw new DestinationError(
      "NOT_A_DESTINATION",
      `${place} is on a file system without hard links, which keep two writers apart. Choose a folder on another one.`,
      { cause: error },
    );
  } finally {
    await rm(unfinished, { force: true });
  }
}

function throughLink(folder: string, place: string): DestinationError {
  return new DestinationError(
    "NOT_A_DESTINATION",
    `${folder} is a link, and files of ${place} are written and removed in real folders only. Put the folder itself ` +
      "there, or name the link's target.",
  );
}

/** Removes what killed processes left. No running process needs a day for a small file. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (!/^\d{12}\.json\.[0-9a-f-]{36}\.tmp$/.test(name)) continue;
    const found = await lstat(join(folder, name)).catch(ifMissing);
    if (found?.isFile() && found.mtimeMs < Date.now() - 86_400_000) await rm(join(folder, name), { force: true });
  }
}

async function makeFolder(root: string, place: string): Promise<void> {
  const found = await stat(root).catch(ifMissing);
  if (found?.isDirectory()) return;
  if (found) throw new DestinationError("NOT_A_DESTINATION", `${place} is a file. Name a folder.`);
  await mkdir(root).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "EEXIST") return;
    if (cause.code !== "ENOENT") throw cause;
    throw new DestinationError(
      "NOT_FOUND",
      `${place} cannot be created: the folder ${dirname(root)} does not exist. Create it first, or correct the path.`,
      { cause },
    );
  });
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(ifMissing)) ?? [];
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

export async function makeDurable(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a new name in a folder durable. Windows has no such call, and needs none. */
export async function makeFolderDurable(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
