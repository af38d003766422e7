/** Who uses the engine or a destination finds that, and who writes a source or a destination the rest beside it. */
import * as destination from "@org/destination";
import * as adapter from "@org/destination/adapter";
import * as engine from "@org/sync-engine";
import * as source from "@org/sync-engine/source";
import { expect, test } from "vitest";

test("@org/sync-engine exports what starts a sync and works with what it stored", () => {
  expect(Object.keys(engine).sort()).toEqual([
    "SyncError",
    "check",
    "defaultPipeline",
    "describeState",
    "exportState",
    "importState",
    "readInventory",
    "sync",
    "syncEvery",
    "verify",
  ]);
});

test("@org/sync-engine/source exports what sources are written with, and the root exports none of it", () => {
  expect(Object.keys(source)).toEqual(
    expect.arrayContaining(["createRequest", "defineStream", "inOrder", "limiterOf"]),
  );
  expect(Object.keys(source).filter((name) => name in engine)).toEqual([]);
});

test("@org/destination/adapter exports what destinations are written with, and the root exports none of it", () => {
  const names = ["createHolder", "hasEnded", "holderName", "releaseHolder", "stateText", "wrapSession"];
  expect(Object.keys(adapter).sort()).toEqual(names);
  expect(Object.keys(adapter).filter((name) => name in destination)).toEqual([]);
});
