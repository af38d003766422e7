/**
 * When `npm start` was run with a file, in the time of its simulated servers. They live in memory only; so that a
 * second start finds the same servers, some hours older, their whole life is played again from these moments, which the
 * file itself keeps.
 */
import { existsSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { queryDuckdb } from "@org/destination/duckdb";

const hourMs = 3_600_000;
/**
 * The servers' clocks are behind ours by so much: a sync believes no clock that is ahead, and a few starts in a row must not
 * bring them there.
 */
const behindMs = 24 * hourMs;
/** Something should have happened, however soon somebody starts it again … */
const shortestMs = 3 * hourMs;
/** … and not more than fits on a page, however late. */
const longestMs = 7 * 24 * hourMs;

/** The file is somebody's own. */
class ForeignFileError extends Error {
  override readonly name = "ForeignFileError";
  readonly failureType = "config";
}

/**
 * The moments of all starts so far, this one last, in ms since 1970. It is noted before anything is synced: were it
 * noted after, a start that is cut short would leave rows of a life that no later start plays again.
 *
 * @throws ForeignFileError for a file that no start made, DestinationError `LOCKED` while another one is at it.
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
