/**
 * Records when `npm start` was run with a file, in the simulated servers' time. The servers only exist in memory. To find
 * the same servers, some hours older, each start replays their history from these times, which the file itself keeps.
 */
import { existsSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { queryDuckdb } from "@org/destination/duckdb";

const hourMs = 3_600_000;
/**
 * How far the servers' clocks are behind ours, so that several starts in a row do not move them ahead, which a sync would
 * not trust.
 */
const behindMs = 24 * hourMs;
/** Between two starts, at least this much time passes on the servers, so that something happens … */
const shortestMs = 3 * hourMs;
/** … and at most this much, so that it fits on a page. */
const longestMs = 7 * 24 * hourMs;

/** The file was not created by `npm start`. */
class ForeignFileError extends Error {
  override readonly name = "ForeignFileError";
  readonly failureType = "config";
}

/**
 * The times of all starts so far, this one last, in ms since 1970. Records this one before anything is synced: otherwise,
 * an interrupted start would leave rows of a history that later starts do not replay.
 *
 * @throws ForeignFileError for a file that no start created, DestinationError `LOCKED` while another start is running.
 */
export async function noteVisit(file: string, nowMs: number): Promise<readonly number[]> {
  const earlier = existsSync(file) ? await readVisits(file) : [];
  const last = earlier.at(-1);
  const there = nowMs - behindMs;
  const visit = last === undefined ? there : Math.min(Math.max(there, last + shortestMs), last + longestMs);
  const instance = await DuckDBInstance.create(file);
  try {
    const connection = await instance.connect();
    await connection.run("CREATE TABLE IF NOT EXISTS demo_visits (visited_at_ms BIGINT)");
    await connection.run(`INSERT INTO demo_visits VALUES (${Math.round(visit)})`);
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
  return [...earlier, visit];
}

async function readVisits(file: string): Promise<number[]> {
  const tables = await queryDuckdb(file, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'demo_visits'");
  if (tables.length === 0) {
    throw new ForeignFileError(
      `${file} was not created by npm start, so it is left alone. Move it away, or start in another folder.`,
    );
  }
  const rows = await queryDuckdb(file, "SELECT visited_at_ms FROM demo_visits ORDER BY 1");
  return rows.map(({ visited_at_ms }) => Number(visited_at_ms));
}
