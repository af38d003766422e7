/** Broken connections and runners. A test that does not catch them proves nothing. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Statements } from "@org/destination/connection";
import type { Wrong } from "./world.ts";

/** Claims runs without a transaction, so that other runners interleave. */
export const withoutTransactions: Wrong = (connection) => ({
  ...connection,
  transaction(doing, work) {
    if (doing !== "Starting runs") return connection.transaction(doing, work);
    return work({
      async run(sql, ...values) {
        await sleep(Math.random() * 10);
        return connection.transaction(doing, ({ run }) => run(sql, ...values));
      },
      async all(sql, ...values) {
        await sleep(Math.random() * 10);
        return connection.transaction(doing, ({ all }) => all(sql, ...values));
      },
    });
  },
});

/** Saves the position before the runs, each in its own transaction. */
export const positionFirst: Wrong = (connection) => ({
  ...connection,
  async transaction(doing, work) {
    if (doing !== "Queueing due runs") return connection.transaction(doing, work);
    const later: (() => Promise<unknown>)[] = [];
    const result = await work({
      run(sql, ...values) {
        const write = () => connection.transaction(doing, ({ run }) => run(sql, ...values));
        if (!/_runner_runs/.test(sql)) return write();
        later.push(write);
        return Promise.resolve(1);
      },
      all: (sql, ...values) => connection.transaction(doing, ({ all }) => all(sql, ...values)),
    });
    for (const write of later) await write();
    return result;
  },
});

/** Rewrites statements. */
const rewriting =
  (change: (sql: string) => string): Wrong =>
  (connection) => ({
    ...connection,
    transaction: (doing, work) =>
      connection.transaction(doing, ({ run, all }: Statements) =>
        work({
          run: (sql, ...values) => run(change(sql), ...values),
          all: (sql, ...values) => all(change(sql), ...values),
        }),
      ),
  });

/** Lets a scheduled time have two runs. */
export const withoutUniqueSlots = rewriting((sql) =>
  sql.replace(", UNIQUE (schedule, slot)", "").replace("ON CONFLICT (schedule, slot) DO NOTHING", ""),
);

/** Takes over runs from live runners too. */
export const takingFromTheLiving: Wrong = (connection) => ({
  ...connection,
  async read(doing, sql, ...values) {
    const rows = await connection.read(doing, sql, ...values);
    if (!/SELECT id, holder, beat/.test(sql)) return rows;
    return rows.map((row) => ({
      ...row,
      holder: JSON.stringify({ ...JSON.parse(String(row.holder)), session: "gone" }),
    }));
  },
});

/** Stands in for the death of a process. */
class Died extends Error {}

/**
 * Dies at the nth write point: before a statement, before a commit, or right after one. From then on, nothing reaches the
 * database.
 */
export function dyingAt(nth: number, onDeath: () => void) {
  let reached = 0;
  let isDead = false;
  let lost: string | undefined;
  /** @param doing the operation that is lost */
  const point = (doing?: string) => {
    if (isDead) throw new Died();
    reached += 1;
    if (reached !== nth) return;
    isDead = true;
    lost = doing;
    onDeath();
    throw new Died();
  };
  const wrap = (connection: Connection): Connection => ({
    ...connection,
    async transaction(doing, work) {
      const result = await connection.transaction(doing, async ({ run, all }) => {
        const done = await work({
          run(sql, ...values) {
            point(doing);
            return run(sql, ...values);
          },
          all,
        });
        point(doing);
        return done;
      });
      point();
      return result;
    },
    read(doing, sql, ...values) {
      if (isDead) throw new Died();
      return connection.read(doing, sql, ...values);
    },
  });
  return { wrap, hasDied: () => isDead, lost: () => lost };
}
