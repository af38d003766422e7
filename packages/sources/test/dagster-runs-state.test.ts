import { expect, test } from "vitest";
import { parseRunsState } from "../src/dagster/runs-state.ts";

const start = { server: 2, local: 2 };
const earlier = { server: 1, local: 1 };
const frame = { shown: -18000, filter: 0 };

test("a sync without a state begins with the history", () => {
  expect(parseRunsState(undefined, start)).toEqual({ history: { start } });
});

test("a first sync that was stopped goes on where it was, and keeps its beginning", () => {
  const state = { history: { start: earlier, head: ["b", "a"], pageToken: "a", frame } };
  expect(parseRunsState(state, start)).toEqual(state);
});

test("a later sync begins at the position, with the newest runs that the last one saw", () => {
  const state = { position: earlier, head: ["a"], frame };
  expect(parseRunsState(state, start)).toEqual(state);
  expect(parseRunsState({ position: earlier, head: [] }, start)).toEqual({ position: earlier, head: [] });
});

test("a state of before runs were read again goes on, and one that says how far that came keeps it", () => {
  const state = { position: earlier, head: ["a"], reread: ["c", "b"] };
  expect(parseRunsState(state, start)).toEqual(state);
  expect(parseRunsState({ ...state, reread: [1] }, start)).toEqual({ position: earlier, head: ["a"] });
});

test("a state that lacks something is none: everything is read again rather than something left out", () => {
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

test("a frame that cannot be read is not known", () => {
  const state = { position: earlier, head: ["a"] };
  expect(parseRunsState({ ...state, frame: { shown: 0 } }, start)).toEqual(state);
});
