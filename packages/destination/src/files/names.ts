/**
 * The names of data files: `<table's folder>/<number>-<writer>.<extension>`. The writer is the beginning of the id of
 * the session that wrote the file. It distinguishes what a killed session left from other people's files.
 */
import { extensionOf, type FileFormat, fileFormats } from "./formats.ts";

/** The folder of a table's files. A plain name stays; any other characters are written as `%` and hex digits. */
export function tableFolder(table: string): string {
  return table.replace(/[^A-Za-z0-9_-]|^_/gu, (character) =>
    [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

export interface DataPath {
  readonly number: number;
  readonly writer: string;
  /** Whether it is only a partial file, as a killed process leaves in a folder. */
  readonly isUnfinished: boolean;
}

/** A session's name in its files' names. */
export function writerName(session: string): string {
  return session.slice(0, 8);
}

/** Leading digits, so that the order of names is the order in which a table's files count. */
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
