/**
 * What the adapter needs of the place where the files are. Paths are relative to the place, with `/` between their
 * parts. Every method rejects with DestinationError.
 */
export interface Store {
  /** For messages: without credentials. */
  readonly place: string;
  /** The names of what is directly in the place; of folders too. Empty when nothing is there. */
  names(): Promise<readonly string[]>;
  /**
   * Makes the place ready to be written to, and makes sure that {@link create} can be relied upon here.
   *
   * @throws DestinationError `NOT_A_DESTINATION` when it cannot
   */
  prepare(): Promise<void>;
  /** @throws DestinationError `NOT_A_DESTINATION` or `NO_PERMISSION` where no file could be put into a folder of the place */
  checkFolder(folder: string): Promise<void>;
  /** The paths of the files in a folder of the place, in no order. */
  list(folder: string): Promise<readonly string[]>;
  /** A small file, or undefined when it is not there. */
  read(path: string): Promise<string | undefined>;
  /**
   * Creates a file, whole and durable, unless there is one of that name.
   *
   * @returns whether this call created it: of all that try, on all machines, one does
   */
  create(path: string, text: string): Promise<boolean>;
  /** Stores a local file, whole and durable, under a name that nothing has yet. */
  upload(file: string, path: string, signal?: AbortSignal): Promise<void>;
  /** Fetches a file into a local one. @returns false when it is not there */
  download(path: string, file: string, signal?: AbortSignal): Promise<boolean>;
  /** Removes files; those that are not there are no error. */
  remove(paths: readonly string[]): Promise<void>;
  /** Where readers find a file: a full path, or an `s3://` address. */
  locate(path: string): string;
  close(): void;
}
