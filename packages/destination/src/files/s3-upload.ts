/**
 * Uploads local files as objects. Sent from memory part by part, since the SDK does not repeat a stream that failed.
 */
import { type FileHandle, open } from "node:fs/promises";
import type { S3Client } from "@aws-sdk/client-s3";

type Sdk = typeof import("@aws-sdk/client-s3");

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  /** How much is held in memory, in bytes; at least 5 MiB, and up to 10,000 parts. @default 32 MiB */
  readonly partBytes?: number;
}

/** Stores a file under a key. The object appears complete or not at all. */
export async function uploadFile(
  sdk: Sdk,
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  file: string,
  { signal, partBytes = 32 * 1024 * 1024 }: UploadOptions = {},
): Promise<void> {
  const sending = signal ? { abortSignal: signal } : {};
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    // One for all parts: buffers of this size pile up faster than they are collected.
    const buffer = Buffer.allocUnsafe(Math.min(partBytes, size));
    if (size <= partBytes) {
      const Body = await readPart(handle, buffer, 0);
      await client.send(new sdk.PutObjectCommand({ ...object, Body }), sending);
      return;
    }
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(object), sending);
    try {
      const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
      for (let start = 0; start < size; start += partBytes) {
        const PartNumber = Parts.length + 1;
        const Body = await readPart(handle, buffer.subarray(0, Math.min(partBytes, size - start)), start);
        const sent = await client.send(new sdk.UploadPartCommand({ ...object, UploadId, PartNumber, Body }), sending);
        Parts.push({ ETag: sent.ETag, PartNumber });
      }
      const completed = { ...object, UploadId, MultipartUpload: { Parts } };
      await client.send(new sdk.CompleteMultipartUploadCommand(completed), sending);
    } catch (error) {
      // Its parts would be charged for.
      await client.send(new sdk.AbortMultipartUploadCommand({ ...object, UploadId })).catch(() => undefined);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

/** Fills a buffer from a position in a file. */
async function readPart(handle: FileHandle, part: Buffer, start: number): Promise<Buffer> {
  for (let done = 0; done < part.length; ) {
    const { bytesRead } = await handle.read(part, done, part.length - done, start + done);
    if (bytesRead === 0) throw new Error("the file shrank while it was read");
    done += bytesRead;
  }
  return part;
}
