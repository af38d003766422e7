import type { FurtherTable } from "./table.ts";

export const importErrors: FurtherTable = {
  truth: `select id as import_error_id, timestamp, filename, bundle_name, stacktrace as stack_trace from import_error`,
  seed: [
    `insert into import_error (timestamp, filename, bundle_name, stacktrace)
     select now() - n * interval '1 minute', 'broken_' || n || '.py', 'dags-folder', 'Traceback' || repeat(E'\\nline', n)
     from generate_series(1, 130) n`,
  ],
  change: [
    "delete from import_error where filename in ('broken_2.py', 'broken_130.py')",
    // A file that fails again, in another way.
    "update import_error set timestamp = now(), stacktrace = 'another' where filename = 'broken_7.py'",
    "insert into import_error (timestamp, filename, bundle_name, stacktrace) values (now(), 'broken_2.py', 'dags-folder', 'again')",
  ],
};
