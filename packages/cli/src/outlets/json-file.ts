import { readFile } from "node:fs/promises";
import { UsageError } from "../errors.ts";

/**
 * A JSON file that a host wrote. No message repeats what it holds.
 *
 * @param option what named it: `--config`
 * @throws UsageError
 */
export async function readJson(path: string, option: string, signal?: AbortSignal): Promise<unknown> {
  const text = await readFile(path, { encoding: "utf8", ...(signal && { signal }) }).catch((error) => {
    signal?.throwIfAborted();
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : code;
    throw new UsageError(`${option} ${path} cannot be read: ${reason}.`);
  });
  try {
    return JSON.parse(text.replace(/^\ufeff/, "")) as unknown;
  } catch {
    throw new UsageError(`${option} ${path} is not JSON${text.trim() === "" ? ": it is empty" : ""}.`);
  }
}
