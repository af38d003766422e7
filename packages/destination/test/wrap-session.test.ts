import type { Destination, OpenOptions, Session } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { memoryDestination as memory } from "@org/destination/memory";
import { expect, test } from "vitest";

/** A destination that is a class instance, with methods and private fields. */
class Kept implements Destination {
  readonly #inner = memory();
  readonly name = "kept";
  readonly capabilities = this.#inner.capabilities;
  open(options: OpenOptions): Promise<Session> {
    return this.#inner.open(options);
  }
  async contents() {
    return this.#inner.contents?.() ?? [];
  }
}

test("unchanged methods reach the session, replaced ones the replacement", async () => {
  let opened: string | undefined;
  const destination = wrapSession(memory(), (session, { pipeline }) => {
    opened = pipeline;
    return { states: async () => new Map([...(await session.states()), ["added", { version: 1, value: null }]]) };
  });
  const session = await destination.open({ pipeline: "p" });
  expect([...(await session.states()).keys()]).toEqual(["added"]);
  expect(opened).toBe("p");
  const right = await memory().open({ pipeline: "p" });
  for (const name of ["rehearse", "rows", "restore"] as const) expect(typeof session[name]).toBe(typeof right[name]);
  await session.close();
});

test("a destination that is a class keeps its optional methods, and gains none", async () => {
  const wrapped = wrapSession(new Kept(), () => ({}));
  expect(wrapped.name).toBe("kept");
  expect(await wrapped.contents?.()).toEqual([]);
  expect(await (await wrapped.open({ pipeline: "p" })).states()).toEqual(new Map());
  for (const name of ["read", "heldAs", "realTable", "uniteTables"] as const) expect(wrapped[name]).toBeUndefined();
});
