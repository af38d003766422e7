export interface S3Options {
  /** Of the bucket. @default as the SDK finds it: AWS_REGION, the profile */
  readonly region?: string;
  /** Of a server that is not Amazon's, e.g. `https://minio.example.org`. */
  readonly endpoint?: string;
  /** Whether the bucket's name is in the path rather than in the host's name. @default true with an endpoint */
  readonly forcePathStyle?: boolean;
  /** @default as the SDK finds them: the environment, the profile, the machine's role */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>);
}

/** What the SDK takes; its own types would be missing where it is not installed. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
