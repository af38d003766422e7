export interface S3Options {
  /** The bucket's region. @default as the SDK finds it: AWS_REGION, the profile */
  readonly region?: string | undefined;
  /** The URL of a server other than Amazon's, e.g. `https://minio.example.org`. */
  readonly endpoint?: string | undefined;
  /** Whether the bucket's name is in the path rather than in the host's name. @default true with an endpoint */
  readonly forcePathStyle?: boolean | undefined;
  /** @default as the SDK finds them: the environment, the profile, the machine's role */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined;
}

/** What the SDK accepts; its own types would be missing if it is not installed. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
