/** Failures that the model found. A failing seed becomes a test here, shrunk and named. */
import { test } from "vitest";
import { play } from "./dagster-model.ts";
import type { Beginning, Step, SyncStep } from "./dagster-steps.ts";

const newest: Beginning = { version: 2, hours: 0, overlapMs: 1000, runs: 0 };
const newYork: Beginning = { ...newest, hours: -5 };
const sync: SyncStep = { do: "sync", pageSize: 1000, reconcile: false, requests: [] };
const hour = 3_600_000;

const regressions: Record<string, readonly [Beginning, readonly Step[]]> = {
  "a field that the server has since it was upgraded is filled in the runs of before": [
    { ...newest, version: 0, runs: 60 },
    [sync, { do: "upgrade" }, sync],
  ],
  "a server that was upgraded in the middle of a first sync fills the field in what was read before, too": [
    { ...newest, version: 0, runs: 70 },
    [{ ...sync, pageSize: 12, dies: { at: 4, where: "after" } }, { do: "upgrade" }, sync, sync],
  ],
  "a server in New York that takes its filter in another way since it was upgraded loses no tag": [
    { ...newYork, version: 0, runs: 60 },
    [sync, { do: "upgrade" }, { do: "advance", byMs: 61_000 }, { do: "tag", run: 55, value: 1 }, sync],
  ],
  "times that were stored before any run showed the zone are put right when one does": [
    newYork,
    [
      { do: "brief", count: 1, agoMs: 0 },
      { do: "advance", byMs: 100_000 },
      { do: "tag", run: 0, value: 1 },
      // Enough runs that it is not among the newest, which are always read, and enough time that no window reaches it.
      ...Array.from({ length: 52 }, (): Step => ({ do: "add", location: 0 })),
      { do: "advance", byMs: 13 * hour },
      sync,
      { do: "finish", run: 0, status: "SUCCESS", agoMs: 0 },
      sync,
    ],
  ],
  "times on the first pages of a first sync are put right when a later page shows the zone": [
    { ...newYork, runs: 61 },
    [
      { do: "advance", byMs: 100_000 },
      ...Array.from({ length: 60 }, (_, run): Step => ({ do: "tag", run, value: 1 })),
      { do: "advance", byMs: 100_000 },
      { ...sync, pageSize: 8 },
    ],
  ],
  "a clock that was set back and, after a sync in which nothing ended, set right again loses no tag": [
    { ...newest, runs: 60 },
    [
      { do: "advance", byMs: 420_000 },
      sync,
      { do: "clock", byMs: -hour },
      sync,
      { do: "tag", run: 55, value: 1 },
      { do: "clock", byMs: hour },
      sync,
    ],
  ],
  "what showed another zone is remembered by a sync that was killed right after it": [
    { ...newest, version: 1 },
    [
      { do: "brief", count: 55, agoMs: -1 },
      { do: "add", location: 0 },
      { ...sync, pageSize: 1 },
      // The first ones are no longer among the newest.
      { do: "brief", count: 55, agoMs: 0 },
      { do: "zone", hours: -5 },
      { do: "finish", run: 0, status: "SUCCESS", agoMs: 0 },
      {
        ...{ ...sync, pageSize: 1, dies: { at: 0, where: "after" } },
        requests: [{ at: 0, when: "before", world: { do: "tag", run: 60, value: 0 } }],
      },
      { ...sync, pageSize: 1 },
    ],
  ],
  "a zone that only the walk from the newest runs shows moves the window of the same sync": [
    { ...newest, version: 1 },
    [
      { do: "brief", count: 55, agoMs: -1 },
      { ...sync, pageSize: 1 },
      { do: "add", location: 0 },
      { do: "brief", count: 55, agoMs: 0 },
      { do: "zone", hours: -5 },
      { do: "finish", run: 0, status: "SUCCESS", agoMs: 0 },
      {
        ...{ ...sync, pageSize: 1, dies: { at: 0, where: "after" } },
        requests: [{ at: 0, when: "before", world: { do: "tag", run: 60, value: 0 } }],
      },
      { ...sync, pageSize: 1 },
    ],
  ],
  "what a database in Tokyo showed of its zone is remembered when all runs are read again after an upgrade": [
    { ...newest, version: 0, hours: 9, runs: 1 },
    [sync, { do: "delete", run: 0, count: 1 }, { do: "add", location: 0 }, { do: "upgrade" }, sync],
  ],
  "a run that was counted, and deleted before it was read, does not make up for a deleted one": [
    { ...newest, runs: 1 },
    [
      sync,
      { do: "delete", run: 0, count: 1 },
      { do: "add", location: 0 },
      { ...sync, reconcile: true, requests: [{ at: 1, when: "before", world: { do: "delete", run: 0, count: 1 } }] },
    ],
  ],
  "nor does one that is deleted while the head is walked on to the last one": [
    { ...newest, runs: 1 },
    [
      sync,
      { do: "delete", run: 0, count: 1 },
      { do: "brief", count: 55, agoMs: 5 * hour },
      { ...sync, reconcile: true, requests: [{ at: 2, when: "before", world: { do: "delete", run: 54, count: 1 } }] },
    ],
  ],
};

test.each(Object.entries(regressions))("%s", async (_, [beginning, steps]) => {
  await play(beginning, steps);
});
