import { expect, test } from "vitest";
import { parseRunsState } from "../src/dagster/runs-state.ts";

const start = { server: 2, local: 2 };
const earlier = { server: 1, local: 1 };
const frame = { shown: -18000, filter: 0 };

test("a sync without a state starts with the history", () => {
  expect(parseRunsState(undefined, start)).toEqual({ history: { start } });
});

test("an interrupted first sync resumes where it stopped, and keeps its start", () => {
  const state = { history: { start: earlier, head: ["b", "a"], pageToken: "a", frame } };
  expect(parseRunsState(state, start)).toEqual(state);
});

test("a later sync starts at the position, with the newest runs that the last one saw", () => {
  const state = { position: earlier, head: ["a"], frame };
  expect(parseRunsState(state, start)).toEqual(state);
  expect(parseRunsState({ position: earlier, head: [] }, start)).toEqual({ position: earlier, head: [] });
});

test("a state from before runs were re-read is usable, and one that records that progress keeps it", () => {
  const state = { position: earlier, head: ["a"], reread: ["c", "b"] };
  expect(parseRunsState(state, start)).toEqual(state);
  expect(parseRunsState({ ...state, reread: [1] }, start)).toEqual({ position: earlier, head: ["a"] });
});

test("an incomplete state is ignored: everything is read again rather than something left out", () => {
  const broken = [
    null,
    7,
    [],
    "position",
    { position: earlier },
    { position: { server: "1", local: 1 }, head: [] },
    { position: earlier, head: [1] },
    { history: { start: earlier, pageToken: "a" } },
    { history: { start: earlier, head: ["a"] } },
    { history: { head: ["a"], pageToken: "a" } },
  ];
  for (const state of broken)
    expect(parseRunsState(state, start), JSON.stringify(state)).toEqual({ history: { start } });
});

test("an unreadable frame is unknown", () => {
  const state = { position: earlier, head: ["a"] };
  expect(parseRunsState({ ...state, frame: { shown: 0 } }, start)).toEqual(state);
});
