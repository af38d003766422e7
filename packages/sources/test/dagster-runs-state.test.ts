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
    { position: earlier, head: [1] },
    { history: { start: earlier, pageToken: "a" } },
    { history: { head: ["a"], pageToken: "a" } },
  ];
  for (const state of broken)
    expect(parseRunsState(state, start), JSON.stringify(state)).toEqual({ history: { start } });
});

test("a limit of the history outlives an unusable position, and so does that the table has rows", () => {
  const floor = "2026-11-01T00:00:00.000000Z";
  const broken = { position: { server: "1", local: 1 }, head: [] };
  expect(parseRunsState(broken, start)).toEqual({ history: { start, isRenewal: true } });
  expect(parseRunsState({ ...broken, floor }, start)).toEqual({ history: { start, floor, isRenewal: true } });
  expect(parseRunsState({ history: { start: "never", floor } }, start)).toEqual({ history: { start, floor } });
  expect(parseRunsState({ history: { start: earlier, head: ["a"] } }, start)).toEqual({
    history: { start, isRenewal: true },
  });
  const renewal = { history: { start: earlier, head: ["a"], pageToken: "a", floor, isRenewal: true } };
  expect(parseRunsState(renewal, start)).toEqual(renewal);
  const widening = { position: earlier, head: ["a"], floor, widening: { pageToken: "b" } };
  expect(parseRunsState(widening, start)).toEqual(widening);
  expect(parseRunsState({ ...widening, floor: "soon", widening: 1 }, start)).toEqual({
    position: earlier,
    head: ["a"],
  });
});

test("an unreadable frame is unknown", () => {
  const state = { position: earlier, head: ["a"] };
  expect(parseRunsState({ ...state, frame: { shown: 0 } }, start)).toEqual(state);
});
