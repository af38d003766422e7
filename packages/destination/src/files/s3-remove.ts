/** Removes objects, many in one request where the server can. */
import type { S3Client } from "@aws-sdk/client-s3";

type Sdk = typeof import("@aws-sdk/client-s3");

/** As many as a request may name. */
const most = 1000;

/** What servers say that do not know the request, or want it with another checksum than the SDK sends. */
const unknownRequest =
  /^(NotImplemented|MethodNotAllowed|UnsupportedOperation|MissingContentMD5|InvalidDigest|BadDigest|InvalidRequest|InvalidArgument|MalformedXML|XAmzContentChecksumMismatch|XAmzContentSHA256Mismatch)$/;
const unknownStatus: readonly unknown[] = [400, 404, 405, 411, 501];

/** @returns removes objects by their keys. One that is not there is no error; the others go though one of them cannot. */
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

/** The request was carried out, but for some keys. As the SDK's own errors are, so that they are explained alike. */
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
