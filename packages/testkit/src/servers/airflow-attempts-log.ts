/**
 * Logs every version of every row, in the server's own database: the oracle for what a sync may store while the scheduler
 * is running. Points in time are PostgreSQL snapshots, so what was visible is known exactly, independent of any clock.
 */
import type { AirflowServer } from "./airflow.ts";
import { type Kind, logSchemaOf } from "./airflow-attempts-schema.ts";
import type { QueryRow } from "./database.ts";

type Queries = Pick<AirflowServer, "query" | "version">;

/** A version of a row that was visible at some point between two snapshots. */
export interface Version {
  /** The key as JSON. */
  readonly key: string;
  /** Whether this marks the row's deletion. */
  readonly gone: boolean;
  /** Whether it was already visible in the first snapshot. */
  readonly wasThere: boolean;
  readonly content: QueryRow;
}

/** Starts logging. The tables must be empty. */
export async function logVersions(server: Queries): Promise<void> {
  await server.query(logSchemaOf(server.version).create);
}

/** The current snapshot, for `versionsBetween`. */
export async function moment(server: Queries): Promise<string> {
  const [row] = await server.query<{ now: string }>("select pg_current_snapshot()::text as now");
  return String(row?.now);
}

/** By key, in order: the version visible in the first snapshot, and all later ones up to the second. */
export async function versionsBetween(
  server: Queries,
  kind: Kind,
  from: string,
  to: string,
): Promise<Map<string, Version[]>> {
  const { type, columns } = logSchemaOf(server.version).kinds[kind];
  const rows = await server.query(
    `with visible as (
       select n, key, gone, content, pg_visible_in_snapshot(xid, $2::pg_snapshot) was_there
       from version_log where kind = $1 and pg_visible_in_snapshot(xid, $3::pg_snapshot)
     ), numbered as (
       select *, max(n) filter (where was_there) over (partition by key) in_force from visible
     )
     select key::text "$key", gone "$gone", was_there "$wasThere", columns.* from numbered
     cross join lateral (select ${columns} from jsonb_populate_record(null::${type}, content) t) columns
     where not was_there or n = in_force order by n`,
    [kind, from, to],
  );
  const versions = rows.map(({ $key, $gone, $wasThere, ...content }) => {
    const key = JSON.stringify(JSON.parse(String($key)));
    return { key, gone: $gone === true, wasThere: $wasThere === true, content };
  });
  return Map.groupBy(versions, ({ key }) => key);
}

/** All versions that a row of a key ever had. */
export async function everyVersion(server: Queries, kind: Kind, key: readonly unknown[]): Promise<QueryRow[]> {
  const { type, columns } = logSchemaOf(server.version).kinds[kind];
  return server.query(
    `select columns.* from version_log
     cross join lateral (select ${columns} from jsonb_populate_record(null::${type}, content) t) columns
     where kind = $1 and key = $2::jsonb and not gone order by n`,
    [kind, JSON.stringify(key)],
  );
}
