/**
 * What the adapter needs from the location of the files. Paths are relative to it, with `/` as separator. Every method
 * rejects with DestinationError.
 */
export interface Store {
  /** For messages, without credentials. */
  readonly place: string;
  /** The names directly in the location, folders included. Empty if nothing exists. */
  names(): Promise<readonly string[]>;
  /**
   * Makes the location writable, and makes sure that {@link create} is reliable there.
   *
   * @throws DestinationError `NOT_A_DESTINATION` if it is not
   */
  prepare(): Promise<void>;
  /** @throws DestinationError `NOT_A_DESTINATION` or `NO_PERMISSION` if no file could be written to a folder */
  checkFolder(folder: string): Promise<void>;
  /** The paths of the files in a folder, in no particular order. */
  list(folder: string): Promise<readonly string[]>;
  /** Reads a small file; undefined if it does not exist. */
  read(path: string): Promise<string | undefined>;
  /**
   * Creates a file, complete and durable, unless one of that name exists.
   *
   * @returns whether this call created it: of all callers, on all machines, exactly one does
   */
  create(path: string, text: string): Promise<boolean>;
  /** Stores a local file, complete and durable, under an unused name. */
  upload(file: string, path: string, signal?: AbortSignal): Promise<void>;
  /** Downloads a file to a local one. @returns false if it does not exist */
  download(path: string, file: string, signal?: AbortSignal): Promise<boolean>;
  /** Removes files; missing ones are no error. */
  remove(paths: readonly string[]): Promise<void>;
  /** Where readers find a file: a full path, or an `s3://` address. */
  locate(path: string): string;
  close(): void;
}
