import { DestinationError } from "../errors.ts";
import { checkPlace, isS3, parseS3Place } from "./place.ts";
import { createClient, loadSdk } from "./s3.ts";
import { s3Error } from "./s3-errors.ts";
import type { S3Options } from "./s3-options.ts";

export interface PutOptions extends S3Options {
  /** As sent to browsers: `text/html; charset=utf-8`. */
  readonly contentType: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a text as an object in a bucket, replacing its content: readers get the old text or the new one, never a part.
 * If it fails, the old one stays.
 *
 * @param address `s3://bucket/folder/name`
 * @throws DestinationError `NOT_FOUND` if the address names no object, with what to write instead
 */
export async function putObject(address: string, text: string, options: PutOptions): Promise<void> {
  const { contentType, signal, ...s3 } = options;
  if (!isS3(address)) throw noObject();
  checkPlace(address, s3);
  const { bucket, prefix } = parseS3Place(address);
  if (prefix === "" || /[/]$/.test(address)) throw noObject();
  const sdk = await loadSdk();
  const client = createClient(sdk, s3);
  try {
    const object = { Bucket: bucket, Key: prefix, Body: text, ContentType: contentType };
    await client.send(new sdk.PutObjectCommand(object), signal ? { abortSignal: signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw s3Error(error, `s3://${bucket}/${prefix}`, "Writing the object");
  } finally {
    client.destroy();
  }
}

const noObject = () =>
  new DestinationError("NOT_FOUND", "The address has no object name: write s3://bucket/folder/report.html.");
