/** The packages' roots are for users; subpaths are for authors of sources and destinations. */
import * as destination from "@org/destination";
import * as adapter from "@org/destination/adapter";
import * as engine from "@org/sync-engine";
import * as source from "@org/sync-engine/source";
import { expect, test } from "vitest";

test("@org/sync-engine exports functions to run syncs and to work with stored data", () => {
  expect(Object.keys(engine).sort()).toEqual([
    "SyncError",
    "check",
    "chooseStreams",
    "defaultPipeline",
    "describeState",
    "describeStreamState",
    "exportState",
    "importState",
    "readInventory",
    "streamNames",
    "sync",
    "syncEvery",
    "verify",
  ]);
});

test("@org/sync-engine/source exports helpers for authors of sources, and the root exports none of them", () => {
  expect(Object.keys(source)).toEqual(
    expect.arrayContaining(["createRequest", "defineStream", "inOrder", "limiterOf"]),
  );
  expect(Object.keys(source).filter((name) => name in engine)).toEqual([]);
});

test("@org/destination/adapter exports helpers for authors of destinations, and the root exports none of them", () => {
  const names = [
    "RowCheck",
    "createHolder",
    "hasEnded",
    "holderName",
    "releaseHolder",
    "stateText",
    "timestampText",
    "withoutNul",
    "wrapSession",
  ];
  expect(Object.keys(adapter).sort()).toEqual(names);
  expect(Object.keys(adapter).filter((name) => name in destination)).toEqual([]);
});
