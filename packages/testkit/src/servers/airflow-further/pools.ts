import type { FurtherTable } from "./table.ts";

const used = (states: string) =>
  `(select coalesce(sum(t.pool_slots), 0)::int from task_instance t where t.pool = p.pool and t.state in (${states}))`;

const occupied = `${used("'running', 'queued'")} + case when p.include_deferred then ${used("'deferred'")} else 0 end`;

const slots = `p.slots, ${occupied} as occupied_slots, ${used("'running'")} as running_slots,
  ${used("'queued'")} as queued_slots, ${used("'scheduled'")} as scheduled_slots, ${used("'deferred'")} as deferred_slots,
  case when p.slots = -1 then -1 else p.slots - (${occupied}) end as open_slots`;

export const pools: FurtherTable = {
  truth: `select p.pool as name, ${slots}, p.include_deferred, p.description,
      null as team_name
    from slot_pool p`,
  // Enough for two pages.
  seed: [
    `insert into slot_pool (pool, slots, include_deferred, description)
     select 'numbered ' || n, n % 7, n % 2 = 0, case when n % 3 > 0 then 'Pool ' || n || ', "quoted" and schräg' end
     from generate_series(1, 120) n`,
    // Before 3.1 the server cannot serialize a pool without a limit.
    `insert into slot_pool (pool, slots, include_deferred)
     select 'without/limit', -1, true
     where false -- before 3.1`,
  ],
  change: [
    "delete from slot_pool where pool in ('numbered 1', 'numbered 99')",
    "update slot_pool set slots = 1000, description = null where pool = 'numbered 50'",
    "insert into slot_pool (pool, slots, include_deferred) values ('new', 1, false)",
  ],
};

export const poolSamples: FurtherTable = { truth: `select p.pool as name, ${slots} from slot_pool p` };
