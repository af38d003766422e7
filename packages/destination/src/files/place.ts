/** Parses and checks where files go. */
import { DestinationError } from "../errors.ts";
import { type FileFormat, fileFormats } from "./formats.ts";
import type { S3Options } from "./s3-options.ts";

export interface S3Place {
  readonly bucket: string;
  /** Without `/` at either end; empty for the whole bucket. */
  readonly prefix: string;
}

export const isS3 = (place: string): boolean => /^s3:/i.test(place);

/** @param place `s3://bucket/prefix` */
export function parseS3Place(place: string): S3Place {
  const [, bucket = "", path = ""] = /^s3:\/\/([^/]*)\/?(.*)$/i.exec(place) ?? [];
  // Possible credentials are not repeated.
  if (bucket.includes("@")) throw refused("an s3:// address must not contain credentials: set them in the environment");
  if (!/^[a-z0-9][a-z0-9.-]+$/i.test(bucket)) throw refused(`${place} has no bucket: write s3://bucket/prefix`);
  return { bucket, prefix: path.replace(/^\/+|\/+$/g, "") };
}

/** @throws DestinationError `NOT_FOUND` with what to write instead */
export function checkPlace(
  place: string,
  { format, endpoint }: { readonly format?: FileFormat | undefined } & Pick<S3Options, "endpoint">,
): void {
  if (place === "") throw refused("the address has no folder in it. Name one, or s3://bucket/prefix");
  if (isS3(place)) parseS3Place(place);
  if (format !== undefined && !fileFormats.includes(format)) {
    throw refused(`format is ${format}. Write one of ${fileFormats.join(", ")}`);
  }
  if (endpoint === undefined) return;
  const { username, password } = URL.canParse(endpoint) ? new URL(endpoint) : { username: "", password: "" };
  if (username || password) throw refused("endpoint must not contain credentials: set them in the environment");
  if (!/^https?:\/\/[^/]/i.test(endpoint)) {
    throw refused(`endpoint is ${endpoint}. Write it as in https://minio.example.org`);
  }
}

const refused = (reason: string) => new DestinationError("NOT_FOUND", `The destination: ${reason}.`);
