/** The location of exports: a local folder, or a bucket. */
import { link, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { DestinationError } from "../errors.ts";
import { checkedPath, folderStore, makeDurable, makeFolderDurable } from "../files/folder.ts";
import { folderError } from "../files/folder-errors.ts";
import { checkPlace, isS3, parseS3Place } from "../files/place.ts";
import { openS3Store } from "../files/s3.ts";
import type { S3Options } from "../files/s3-options.ts";
import { describeFile } from "../files/scratch.ts";
import type { Store } from "../files/store.ts";
import { makeTemporaryFolder } from "../files/temporary-folder.ts";
import type { Holder } from "../holder.ts";
import { type ExportedFile, exportsFolder } from "./manifest.ts";

/** What is known of a file without reading it. */
export interface Found {
  /** Undefined if it is not reported. */
  readonly bytes: number | undefined;
}

/** The export whose files are being written. */
export interface Staged {
  readonly id: string;
  readonly holder: Holder;
}

export interface ExportPlace extends Pick<Store, "place" | "list" | "read" | "create" | "remove" | "close"> {
  /** Makes the location writable. */
  prepare(): Promise<void>;
  /** A new local folder for files that are being written. */
  makeStaging(claim: Staged): Promise<string>;
  /** Removes such a folder of an export whose process, on this machine, has ended. */
  removeStaging(claim: Staged): Promise<void>;
  /** Moves a local file to the location, complete and durable, under an unused name. */
  put(file: string, path: string, signal?: AbortSignal): Promise<void>;
  /** Whether a file exists. */
  find(path: string): Promise<Found | undefined>;
  /** Whether a file of an interrupted export is what was written. Of a bucket's, which are never partial: whether it exists. */
  isWhole(file: ExportedFile, signal?: AbortSignal): Promise<boolean>;
  /** A file's size and SHA-256, read completely; undefined for a link, or anything else that is not a file. */
  describe(path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string } | undefined>;
}

/** @throws DestinationError `NOT_FOUND` if it is impossible, with what to write instead */
export async function openPlace(into: string, options: S3Options = {}): Promise<ExportPlace> {
  checkPlace(into, options);
  return isS3(into) ? bucketPlace(await openS3Store(parseS3Place(into), options)) : folderPlace(into);
}

function folderPlace(path: string): ExportPlace {
  const { list, read, create, remove, close } = folderStore(path);
  const root = resolve(path);
  const place = path;
  const describe = async (path: string) => {
    const full = await checkedPath(root, path, place);
    return (await lstat(full).catch(ifMissing))?.isFile() ? describeFile(full) : undefined;
  };
  const guarded = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw folderError(error, place, doing);
    }
  };
  return {
    ...{ place, list, create, remove, close },
    async read(path) {
      const found = await guarded(`Reading ${path}`, async () =>
        lstat(await checkedPath(root, path, place)).catch(ifMissing),
      );
      // A link leads elsewhere, and a pipe would wait for a writer.
      if (found && !found.isFile()) throw new DestinationError("INVALID_STATE", `${place}: ${path} is not a file.`);
      return found && read(path);
    },
    prepare: () =>
      guarded("Creating the folder", async () => {
        const folder = await checkedPath(root, `${exportsFolder}/`, place);
        await mkdir(folder, { recursive: true });
        await removeHalves(folder);
      }),
    makeStaging: (claim) =>
      guarded("Making a folder", async () => {
        const folder = await checkedPath(root, stagingPath(claim), place);
        await mkdir(folder);
        return folder;
      }),
    removeStaging: (claim) =>
      guarded("Removing a folder", async () => {
        await rm(await checkedPath(root, stagingPath(claim), place), { recursive: true, force: true });
      }),
    put: (file, to) =>
      guarded(`Writing ${to}`, async () => {
        const full = await checkedPath(root, to, place);
        await mkdir(dirname(full), { recursive: true });
        await makeDurable(file);
        await link(file, full);
        await makeFolderDurable(dirname(full));
        await rm(file);
      }),
    find: (path) =>
      guarded(`Looking for ${path}`, async () => {
        const found = await lstat(await checkedPath(root, path, place)).catch(ifMissing);
        return found?.isFile() ? { bytes: found.size } : undefined;
      }),
    describe: (path) => guarded(`Reading ${path}`, () => describe(path)),
    isWhole: ({ path, bytes, sha256 }) =>
      guarded(`Reading ${path}`, async () => {
        const found = await describe(path);
        return found?.bytes === bytes && found.sha256 === sha256;
      }),
  };
}

/** Matches what a folder's {@link Store.create} leaves of a small file if it is killed. */
export const halfName = /\/\d{4}-\d\d-\d\dT\d{6}Z\.(?:[\w%.-]+\.)?json\.[0-9a-f-]{36}\.tmp$/;

/** No running process needs a day for a small file. */
async function removeHalves(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!halfName.test(`/${name}`)) continue;
    const found = await lstat(path).catch(ifMissing);
    if (found?.isFile() && found.mtimeMs < Date.now() - 86_400_000) await rm(path, { force: true });
  }
}

function bucketPlace(store: Store): ExportPlace {
  const { place, list, read, create, remove } = store;
  const close = () => store.close();
  return {
    ...{ place, list, read, create, remove, close },
    // A claim is repeated, which shows whether the server keeps two exports apart.
    prepare: async () => undefined,
    makeStaging: ({ holder }) => makeTemporaryFolder(`export-${holder.session}-`),
    async removeStaging({ holder }) {
      const names = await readdir(tmpdir()).catch(() => []);
      for (const name of names.filter((each) => each.startsWith(`export-${holder.session}-`))) {
        await rm(join(tmpdir(), name), { recursive: true, force: true });
      }
    },
    async put(file, to, signal) {
      await store.upload(file, to, signal);
      await rm(file);
    },
    isWhole: async ({ path }) => (await list(dirname(path))).includes(path),
    async find(path) {
      return (await list(dirname(path))).includes(path) ? { bytes: undefined } : undefined;
    },
    async describe(path, signal) {
      const folder = await makeTemporaryFolder("export-verify-");
      try {
        const local = join(folder, basename(path));
        return (await store.download(path, local, signal)) ? await describeFile(local) : undefined;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** @throws DestinationError `NOT_A_DESTINATION` if the server does not keep two exports apart */
export function checkClaim(place: string, isAgain: boolean): void {
  if (!isAgain) return;
  throw new DestinationError(
    "NOT_A_DESTINATION",
    `The server of ${place} ignores conditional writes (If-None-Match), which keep two exports apart. Use one that honours ` +
      "them: current versions of Amazon S3, MinIO, Cloudflare R2, Google Cloud Storage and others do.",
  );
}

const stagingPath = ({ id }: Staged) => `${exportsFolder}/${id}.writing`;

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
