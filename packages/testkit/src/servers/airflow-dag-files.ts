import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";

/** Fills a folder with DAG files of `airflow/`, e.g. `copyDags(folder, "loops.py")`. */
export async function copyDags(folder: string, ...names: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of names) {
    await copyFile(new URL(`airflow/${name}`, import.meta.url), join(folder, name));
  }
}
