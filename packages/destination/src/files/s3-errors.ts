import { DestinationError, type DestinationErrorCode } from "../errors.ts";

interface S3Failure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly errors?: readonly { readonly code?: string }[];
}

const credentials = "Check the credentials in the environment, the profile or the options.";
const region = "The bucket is in another region: set AWS_REGION or the option region.";

/** Identifies a server's errors by name or status. The first match counts. */
const known: readonly (readonly [RegExp, DestinationErrorCode, advice: string])[] = [
  [/^NoSuchBucket$/, "NOT_FOUND", "Create the bucket, or correct its name."],
  [/^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException|301)$/, "NOT_FOUND", region],
  [
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|CredentialsProviderError)$/,
    "NO_PERMISSION",
    credentials,
  ],
  [/^(RequestTimeTooSkewed)$/, "NO_PERMISSION", "Set the clock of this machine."],
  [/^(AccessDenied|AllAccessDisabled|401|403)$/, "NO_PERMISSION", "Allow listing, reading, writing and deleting here."],
  [/^(QuotaExceeded|XMinioStorageFull|InsufficientStorage|507)$/, "NO_SPACE", "Free up space and try again."],
  [
    /^(SlowDown|ThrottlingException|TooManyRequests|RequestTimeout|TimeoutError|InternalError|429|5\d\d)$/,
    "UNAVAILABLE",
    "Try again later.",
  ],
  [
    /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ECONNABORTED)$/,
    "UNAVAILABLE",
    "Check the endpoint and the network, or try again later.",
  ],
  [/^(ENOSPC|EDQUOT)$/, "NO_SPACE", "Free up space for the working copy, in the temporary folder."],
];

/** @param doing what failed, as the beginning of a sentence: `Writing things/1.parquet` */
export function s3Error(thrown: unknown, place: string, doing: string): DestinationError {
  if (thrown instanceof DestinationError) return thrown;
  const failure = thrown as S3Failure;
  if (failure.message === "Region is missing") {
    return new DestinationError(
      "NOT_FOUND",
      `${place}: no region is known. Name it in AWS_REGION or the option region.`,
      {
        cause: thrown,
      },
    );
  }
  const signs = [
    failure.name,
    failure.code,
    ...(failure.errors ?? []).map(({ code }) => code),
    String(status(failure)),
  ];
  const [, code, advice] =
    known.find(([pattern]) => signs.some((sign) => sign && pattern.test(sign))) ?? ([null, "FAILED", ""] as const);
  const there = failure.$response?.headers?.["x-amz-bucket-region"];
  const message = `${failure.name ?? "Error"}: ${failure.message || signs.find((sign) => sign && /^E[A-Z]/.test(sign)) || "no message"}`;
  return new DestinationError(
    code,
    `${doing} in ${place} failed: ${message.replace(/[^.!?]$/, "$&.")} ${there && advice === region ? `${advice} It is ${there}.` : advice}`.trim(),
    { cause: thrown },
  );
}

const status = ({ $metadata }: S3Failure) => $metadata?.httpStatusCode;

/** Why a conditional write was rejected. */
export function isConflict(error: unknown): "exists" | "busy" | undefined {
  const code = status(error as S3Failure);
  if (code === 412) return "exists";
  return code === 409 ? "busy" : undefined;
}

export function isMissing(error: unknown): boolean {
  return (error as S3Failure).name === "NoSuchKey";
}
