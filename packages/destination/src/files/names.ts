/**
 * The names of data files: `<table's folder>/<number>-<writer>.<extension>`. The writer is the beginning of the id of the
 * session that wrote the file. So what a killed session left is told from files that anybody else put there.
 */
import { extensionOf, type FileFormat, fileFormats } from "./formats.ts";

/** The folder of a table's files. A table has a plain name; what else it may hold is written as `%` and hex digits. */
export function tableFolder(table: string): string {
  return table.replace(/[^A-Za-z0-9_-]|^_/gu, (character) =>
    [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

export interface DataPath {
  readonly number: number;
  readonly writer: string;
  /** Whether it is only a part of a file: what a killed process left of one in a folder. */
  readonly isUnfinished: boolean;
}

/** How a session is called in the names of its files. */
export function writerName(session: string): string {
  return session.slice(0, 8);
}

/** Digits in front, so that the order of names is the order in which a table's files count. */
export function dataPath(table: string, number: number, session: string, format: FileFormat): string {
  return `${tableFolder(table)}/${String(number).padStart(12, "0")}-${writerName(session)}${extensionOf(format)}`;
}

const extensions = fileFormats.map((format) => extensionOf(format).replaceAll(".", "\\."));
const pattern = new RegExp(`^(\\d{12})-([0-9a-f]{8})(?:${extensions.join("|")})(\\.tmp)?$`);

/** The parts of the path of a table's data file; undefined for anything else, wherever it leads. */
export function parseDataPath(table: string, path: string): DataPath | undefined {
  const folder = `${tableFolder(table)}/`;
  const [, number, writer = "", unfinished] =
    (path.startsWith(folder) && pattern.exec(path.slice(folder.length))) || [];
  return number === undefined ? undefined : { number: Number(number), writer, isUnfinished: unfinished !== undefined };
}
