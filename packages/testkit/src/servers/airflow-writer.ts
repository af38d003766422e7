import { createRandom, type Random } from "@org/simulators/internal";
import pg from "pg";
import type { AirflowServer } from "./airflow.ts";
import { type Call, signIn } from "./airflow-mutations.ts";
import type { Counts } from "./airflow-world.ts";
import { lateCommits, schedulerActions } from "./airflow-writer-scheduler.ts";
import { userActions } from "./airflow-writer-users.ts";
import { forVersion } from "./for-version.ts";

/** One of several concurrent writers, with its own connection, session and random sequence. */
export interface Hand {
  readonly server: AirflowServer;
  readonly call: Call;
  /** Queries the database through the writer's own connection, so that it can hold a transaction open. */
  query<R = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<R[]>;
  readonly random: Random;
  /** A new number each time, which selects a statement's rows. */
  turn(): number;
  /** Cleanup when the writer stops. */
  readonly atEnd: (() => Promise<unknown>)[];
}

/** An action, and its relative frequency. */
export interface Action {
  readonly name: string;
  readonly weight: number;
  run(hand: Hand): Promise<unknown>;
}

export interface Writer {
  /** Finishes what was started. @returns how often each action was done, and rejected by the server */
  stop(): Promise<Counts>;
}

/** Whether the server rejected an action because two writers collided: a deadlock, a duplicate, a deleted row. */
const refusals = ["40P01", "40001", "23505", "23503"];

/**
 * Changes a server until stopped, or until it has done enough: a user at the API, a scheduler with its workers in the
 * database, and a writer whose transactions stay open for one to four seconds.
 *
 * @param seed determines the actions and their order; how they interleave with a sync depends on the machine
 */
export async function startWriter(server: AirflowServer, seed: number): Promise<Writer> {
  const counts: Counts = {};
  const call = await signIn(server);
  let stopped = false;

  async function work(number: number, actions: readonly Action[], most: number, pauseMs: number): Promise<void> {
    const client = new pg.Client({ connectionString: server.databaseUrl, options: "-c timezone=UTC -c datestyle=ISO" });
    await client.connect();
    const random = createRandom(seed * 10 + number);
    let turns = 0;
    const hand: Hand = {
      server,
      call,
      query: async <R>(sql: string, parameters: unknown[] = []) =>
        (await client.query(forVersion(sql, server.version), parameters)).rows as R[],
      random,
      turn() {
        turns += 1;
        return ((seed % 900) * 3 + number) * 400 + turns;
      },
      atEnd: [],
    };
    const deck = actions.flatMap((action) => Array.from({ length: action.weight }, () => action));
    const attempt = async (name: string, run: () => Promise<unknown>) => {
      try {
        await run();
        counts[name] = (counts[name] ?? 0) + 1;
      } catch (error) {
        await client.query("rollback");
        if (!isRefusal(error)) throw error;
        counts[`${name} refused`] = (counts[`${name} refused`] ?? 0) + 1;
      }
    };
    try {
      for (let each = 0; each < most && !stopped; each += 1) {
        const action = random.pick(deck);
        await attempt(action.name, () => action.run(hand));
        await new Promise((resolve) => setTimeout(resolve, random.between(0, pauseMs)));
      }
      for (const run of hand.atEnd) await attempt("put right at the end", run);
    } finally {
      await client.end();
    }
  }

  // Limited to about 15 seconds of changes, so that a sync on a slow machine can keep up.
  const done = Promise.all([
    work(0, userActions, 40, 300),
    work(1, schedulerActions, 80, 250),
    work(2, lateCommits, 8, 300),
  ]);
  // Awaited by stop(). Until then, avoid an unhandled rejection.
  done.catch(() => {});
  return {
    async stop() {
      stopped = true;
      await done;
      return counts;
    },
  };
}

function isRefusal(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return refusals.includes(error.code ?? "");
  // The server crashes now and then, and is restarted.
  if (error instanceof TypeError && error.message === "fetch failed") return true;
  // The API returns 500 for a deadlock with another writer.
  return error instanceof Error && / answered (400|404|409|500): /.test(error.message);
}
