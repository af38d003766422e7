/** A bucket of S3, or of a compatible server that supports conditional writes. */
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { DestinationError } from "../errors.ts";
import type { S3Place } from "./place.ts";
import { isConflict, isMissing, s3Error } from "./s3-errors.ts";
import type { S3Options } from "./s3-options.ts";
import { createRemover } from "./s3-remove.ts";
import { uploadFile } from "./s3-upload.ts";
import type { Store } from "./store.ts";

/** The same text forever, so that creating it again does no harm, however the server treats the condition. */
const probe = {
  path: "_sync/about.json",
  text: '{"about":"Written by a sync. manifests/ lists the current files."}\n',
};

type Sdk = typeof import("@aws-sdk/client-s3");

/** Loads the SDK on first use: it is an optional peer dependency. */
export async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (cause) {
    throw new DestinationError(
      "DRIVER_MISSING",
      "Files in S3 need @aws-sdk/client-s3, which is not installed or cannot be loaded: npm install @aws-sdk/client-s3",
      { cause },
    );
  }
}

export async function openS3Store({ bucket, prefix }: S3Place, options: S3Options): Promise<Store> {
  const sdk = await loadSdk();
  const client = createClient(sdk, options);
  const place = `s3://${bucket}${prefix && `/${prefix}`}`;
  const root = prefix && `${prefix}/`;
  const object = (path: string) => ({ Bucket: bucket, Key: root + path });
  const guarded = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw s3Error(error, place, doing);
    }
  };

  const removeKeys = createRemover(sdk, client, bucket);
  const create = (path: string, text: string) =>
    guarded(`Writing ${path}`, async () => {
      // Of two simultaneous writes the server may ask one to be repeated (409), before either of them counts.
      for (let attempt = 1; ; attempt += 1) {
        try {
          await client.send(new sdk.PutObjectCommand({ ...object(path), Body: text, IfNoneMatch: "*" }));
          return true;
        } catch (error) {
          const conflict = isConflict(error);
          if (conflict === "exists") return false;
          if (conflict !== "busy" || attempt === 10) throw error;
        }
      }
    });

  return {
    place,
    locate: (path) => `s3://${bucket}/${root}${path}`,
    names: () =>
      guarded("Listing the bucket", async () => {
        const found = await client.send(
          new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: root, Delimiter: "/", MaxKeys: 10 }),
        );
        const paths = [
          ...(found.CommonPrefixes ?? []).map((each) => each.Prefix),
          ...(found.Contents ?? []).map((each) => each.Key),
        ];
        return paths.map((path = "") => path.slice(root.length).replace(/\/$/, "")).filter((name) => name !== "");
      }),
    async prepare() {
      await create(probe.path, probe.text);
      if (!(await create(probe.path, probe.text))) return;
      throw new DestinationError(
        "NOT_A_DESTINATION",
        `The server of ${place} ignores conditional writes (If-None-Match), which keep two writers apart. Use one that ` +
          "honours them: current versions of Amazon S3, MinIO, Cloudflare R2, Google Cloud Storage and others do.",
      );
    },
    // Missing objects block nothing, and permissions apply to the whole prefix, which opening tests.
    checkFolder: async () => {},
    list: (folder) =>
      guarded("Listing the bucket", async () => {
        const paths: string[] = [];
        const request = { Bucket: bucket, Prefix: `${root}${folder}/` };
        for await (const page of sdk.paginateListObjectsV2({ client }, request)) {
          for (const { Key = "" } of page.Contents ?? []) {
            // An object with the folder's own name is how consoles create a folder.
            if (!Key.endsWith("/")) paths.push(Key.slice(root.length));
          }
        }
        return paths;
      }),
    read: (path) =>
      guarded(`Reading ${path}`, async () => {
        const found = await client.send(new sdk.GetObjectCommand(object(path))).catch(ifMissing);
        return found?.Body?.transformToString();
      }),
    create,
    upload: (file, path, signal) =>
      guarded(`Writing ${path}`, () => uploadFile(sdk, client, object(path), file, { signal })),
    download: (path, file, signal) =>
      guarded(`Reading ${path}`, async () => {
        const found = await client
          .send(new sdk.GetObjectCommand(object(path)), { ...(signal && { abortSignal: signal }) })
          .catch(ifMissing);
        if (!found) return false;
        await pipeline(found.Body as Readable, createWriteStream(file), { ...(signal && { signal }) });
        return true;
      }),
    remove: (paths) => guarded("Removing old files", () => removeKeys(paths.map((path) => root + path))),
    close: () => client.destroy(),
  };
}

export function createClient(
  { S3Client }: Sdk,
  { region, endpoint, forcePathStyle = endpoint !== undefined, credentials }: S3Options,
): S3Client {
  return new S3Client({
    forcePathStyle,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    // Servers other than Amazon's do not support the newer checksums.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 4,
    // A server that is silent for this long, in ms, has hung.
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
  });
}

function ifMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
