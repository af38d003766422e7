import type { FurtherTable } from "./table.ts";

/** The value of variables and connections, which must not be found anywhere. */
export const canary = "v4lue-of-4-canary";

const insertVariables = `insert into variable (key, val, description, is_encrypted) select 'var_' || n, '${canary}', '${canary}', false from generate_series(1, 3) n`;

const insertConnections = `insert into connection (conn_id, conn_type, description, host, login, password, extra, is_encrypted, is_extra_encrypted)
   select 'conn_' || n, (array['http', 'postgres'])[n % 2 + 1], '${canary}', '${canary}.example.com', '${canary}', '${canary}',
     '{"token": "${canary}"}', false, false from generate_series(1, 3) n`;

export const variables: FurtherTable = {
  truth: `
  select key, is_encrypted,
    team_name -- since 3.2
    null as team_name -- before 3.2
  from variable`,
  seed: [insertVariables],
  change: ["delete from variable where key = 'var_1'"],
};

export const connections: FurtherTable = {
  truth: `
  select conn_id as connection_id, conn_type,
    team_name -- since 3.2
    null as team_name -- before 3.2
  from connection`,
  seed: [insertConnections],
  change: ["update connection set conn_type = 'ftp' where conn_id = 'conn_2'"],
};
