/** Databases and programs that are wrong in one way: tests that do not notice are no tests. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Statements } from "@org/destination/connection";
import type { Wrong } from "./world.ts";

/** Starts runs without a transaction, and others come in between. */
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

/** Saves up to when it looked before it writes the runs, each by itself. */
export const positionFirst: Wrong = (connection) => ({
  ...connection,
  async transaction(doing, work) {
    if (doing !== "Looking for what is due") return connection.transaction(doing, work);
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

/** Changes statements. */
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

/** Has nothing that keeps a moment from getting two runs. */
export const withoutUniqueSlots = rewriting((sql) =>
  sql.replace(", UNIQUE (schedule, slot)", "").replace("ON CONFLICT (schedule, slot) DO NOTHING", ""),
);

/** Takes whatever is over from whoever has it, dead or not. */
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

/** What a process that is killed does no longer. */
class Died extends Error {}

/**
 * Dies at the nth point at which something is written: before a statement, before the transaction is committed, or just
 * after. From then on nothing reaches the database any more.
 */
export function dyingAt(nth: number, onDeath: () => void) {
  let reached = 0;
  let isDead = false;
  let lost: string | undefined;
  /** @param doing what is lost with it */
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
