/** Places and options as people write them on a command line. */
import { DestinationError } from "../errors.ts";
import { type FileFormat, fileFormats } from "./formats.ts";
import type { FilesOptions } from "./index.ts";

export interface S3Place {
  readonly bucket: string;
  /** Without `/` at either end; empty for the whole bucket. */
  readonly prefix: string;
}

export const isS3 = (place: string): boolean => /^s3:/i.test(place);

/** @param place `s3://bucket/prefix` */
export function parseS3Place(place: string): S3Place {
  const [, bucket = "", path = ""] = /^s3:\/\/([^/]*)\/?(.*)$/i.exec(place) ?? [];
  // What may be credentials is not repeated.
  if (bucket.includes("@")) throw refused("an s3:// address holds no credentials: set them in the environment");
  if (!/^[a-z0-9][a-z0-9.-]+$/i.test(bucket)) throw refused(`${place} names no bucket: write s3://bucket/prefix`);
  return { bucket, prefix: path.replace(/^\/+|\/+$/g, "") };
}

/**
 * Reads `files:./folder?format=csv` and `s3://bucket/prefix?format=ndjson&region=…&endpoint=…`.
 *
 * @throws DestinationError `NOT_FOUND` with what to write instead
 */
export function parseFilesUrl(url: string): { readonly place: string; readonly options: FilesOptions } {
  const mark = url.lastIndexOf("?");
  const address = mark < 0 ? url : url.slice(0, mark);
  const place = address.replace(/^files:/i, "");
  if (place === "") throw refused("files: names no folder. Write it after the colon, as in files:./orchestration");
  if (isS3(place)) parseS3Place(place);
  else if (place === address) throw refused("write files: and a folder, or s3://bucket/prefix");
  const options: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1))) {
    const read = parameters[name as keyof typeof parameters];
    const known = Object.keys(parameters).filter((each) => isS3(place) || each === "format");
    if (!read || !known.includes(name)) {
      throw refused(`${place} knows no parameter ${name}. There is: ${known.join(", ")}`);
    }
    options[name] = read(value);
  }
  return { place, options };
}

const parameters = {
  format(value: string): FileFormat {
    const found = fileFormats.find((format) => format === value);
    if (!found) throw refused(`format is ${value}. Write one of ${fileFormats.join(", ")}`);
    return found;
  },
  region: (value: string) => value,
  endpoint(value: string) {
    const { username, password } = URL.canParse(value) ? new URL(value) : { username: "", password: "" };
    if (username || password) throw refused("endpoint holds no credentials: set them in the environment");
    if (!/^https?:\/\/[^/]/i.test(value))
      throw refused(`endpoint is ${value}. Write it as in https://minio.example.org`);
    return value;
  },
  forcePathStyle(value: string) {
    if (value !== "true" && value !== "false") throw refused(`forcePathStyle is ${value}. Write true or false`);
    return value === "true";
  },
};

const refused = (reason: string) => new DestinationError("NOT_FOUND", `The destination: ${reason}.`);
