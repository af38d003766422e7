/** Removes objects, many in one request if the server supports it. */
import type { S3Client } from "@aws-sdk/client-s3";

type Sdk = typeof import("@aws-sdk/client-s3");

/** The maximum per request. */
const most = 1000;

/** Errors of servers that do not support the request, or require another checksum than the SDK sends. */
const unknownRequest =
  /^(NotImplemented|MethodNotAllowed|UnsupportedOperation|MissingContentMD5|InvalidDigest|BadDigest|InvalidRequest|InvalidArgument|MalformedXML|XAmzContentChecksumMismatch|XAmzContentSHA256Mismatch)$/;
const unknownStatus: readonly unknown[] = [400, 404, 405, 411, 501];

/**
 * @returns a function that removes objects by key. A missing one is no error; the others are removed even if one of
 * them cannot be.
 */
export function createRemover(sdk: Sdk, client: S3Client, bucket: string): (keys: readonly string[]) => Promise<void> {
  let takesMany = true;

  async function removeMany(keys: readonly string[]): Promise<void> {
    const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
    const { Errors = [] } = await client.send(new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete }));
    const refused = Errors.filter(({ Code }) => Code !== "NoSuchKey");
    if (refused.length > 0) throw refusal(refused);
  }

  async function removeEach(keys: readonly string[]): Promise<void> {
    const errors: unknown[] = [];
    for (const Key of keys) {
      await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key })).catch((error) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }

  return async (keys) => {
    const errors: unknown[] = [];
    for (let start = 0; start < keys.length; start += most) {
      const part = keys.slice(start, start + most);
      try {
        if (takesMany) await removeMany(part);
        else await removeEach(part);
      } catch (error) {
        if (!takesMany || !isUnknownRequest(error)) errors.push(error);
        else {
          takesMany = false;
          await removeEach(part).catch((each) => errors.push(each));
        }
      }
    }
    if (errors.length > 0) throw errors[0];
  };
}

/**
 * The request succeeded except for some keys. Formatted like the SDK's own errors, so that they are explained alike.
 */
function refusal(
  errors: readonly {
    readonly Key?: string | undefined;
    readonly Code?: string | undefined;
    readonly Message?: string | undefined;
  }[],
): Error {
  const [{ Key, Code = "Error", Message } = {}] = errors;
  const others = errors.length > 1 ? ` and ${errors.length - 1} more` : "";
  return Object.assign(new Error(`${Message || "no message"} (${Key}${others})`), { name: Code, isOfKeys: true });
}

function isUnknownRequest(error: unknown): boolean {
  const { name, isOfKeys, $metadata } = error as {
    name?: string;
    isOfKeys?: boolean;
    $metadata?: { httpStatusCode?: number };
  };
  if (isOfKeys || name === "NoSuchBucket" || name === "ExpiredToken") return false;
  return unknownRequest.test(name ?? "") || unknownStatus.includes($metadata?.httpStatusCode);
}
