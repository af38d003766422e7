/** Histories that once failed, shrunk. Each is named after what must hold. */
import type { Beginning, Step, Story, SyncStep, WorldStep } from "./airflow-steps.ts";

const beginning: Beginning = { dags: 1, runs: 0, runsPerAnswer: 1, cursor: false, pageLimit: 2 };
const sync: SyncStep = { do: "sync", reconcile: false, requests: [] };
const addRun: Step = { do: "add run", dag: 0, id: 0, kind: "manual", few: false };
const day = 24 * 3_600_000;
const story = (...steps: Step[]): Story => ({ beginning, steps });

/** The request of a sync at which the only DAG is deleted. */
const dagGoes = (at: number, reconcile = false): SyncStep => ({
  do: "sync",
  reconcile,
  requests: [{ at, when: "before", world: { do: "delete dag", dag: 0 } }],
});

/** A third attempt is running. At the nth request, its run is created again under its id, with a first attempt. */
function madeAgain(at: number): Story {
  const first: Step[] = [addRun, { do: "start run", run: 0 }, { do: "start", run: 0, task: 0 }];
  const retried: Step[] = [
    { do: "retry", run: 0, task: 0 },
    { do: "start", run: 0, task: 0 },
  ];
  const again: WorldStep[] = [
    { do: "make run again", run: 0, silently: true, few: true },
    { do: "start run", run: 0 },
    { do: "start", run: 0, task: 0 },
  ];
  const requests = again.map((world) => ({ at, when: "before", world }) as const);
  return {
    beginning: { ...beginning, cursor: true, pageLimit: 100 },
    steps: [...first, sync, ...retried, ...retried, { ...sync, requests }, sync],
  };
}

export const regressions: readonly { readonly name: string; readonly story: Story }[] = [
  {
    name: "a server without cursor is read completely even if more changed at once than fits on a page",
    story: story(addRun, sync),
  },
  // At one of these requests, the DAG has been listed, and its details or its count of task instances are requested next.
  ...[2, 3, 4, 5, 6, 7, 8].flatMap((at) => [
    {
      name: `a DAG that goes between the list and its details leaves no row without its timezone (request ${at})`,
      story: story(dagGoes(at), sync),
    },
    {
      name: `a DAG that goes between the list and the count of its task instances fails no reconcile (request ${at})`,
      story: story(addRun, sync, dagGoes(at, true), sync),
    },
  ]),
  {
    name: "a run that disappears before the window can read it does not cancel out an earlier deletion",
    story: story(
      { ...sync, dies: { at: 4, where: "before" } },
      { ...sync, reconcile: true, dies: { at: 5, where: "before" } },
      { ...addRun, lateMs: 60_000 },
      sync,
      { do: "delete run", run: 0, silently: true },
      { ...addRun, id: 1 },
      {
        ...sync,
        reconcile: true,
        requests: [
          { at: 5, when: "after", world: { do: "delete run", run: 0, silently: false } },
          { at: 1, when: "before", world: { do: "start run", run: 0 } },
        ],
      },
    ),
  },
  {
    name: "when a DAG becomes visible, its old task instances are read, even if the window already brought their run",
    story: story(
      addRun,
      { do: "wait", byMs: day },
      { do: "hide dag", dag: 0 },
      sync,
      { do: "show dags", dag: 0 },
      { do: "start run", run: 0 },
      sync,
    ),
  },
  {
    name: "when a DAG becomes visible, the task instances of all its runs are read, even of runs that the window brought",
    story: {
      beginning: { ...beginning, runs: 2 },
      steps: [
        { do: "hide dag", dag: 0 },
        { do: "wait", byMs: day },
        sync,
        { do: "finish run", run: 0 },
        { do: "show dags", dag: 0 },
        sync,
      ],
    },
  },
  // At one of these requests, the task instance has been listed, and its tries are requested next.
  ...[8, 9, 10, 11, 12, 13].map((at) => ({
    name: `tries of a run that was made again meanwhile are not those of the one that was listed (request ${at})`,
    story: madeAgain(at),
  })),
  {
    name: "a list that contradicts its count on a busy server is retried",
    story: {
      beginning: { ...beginning, version: "3.3", batch: true },
      steps: [
        addRun,
        { do: "rename dag", dag: 0 },
        {
          ...sync,
          requests: [
            { at: 5, when: "after", world: { do: "delete run", run: 0, silently: false } },
            { at: 12, fails: "429", times: 2 },
          ],
        },
      ],
    },
  },
];
