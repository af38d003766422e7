/** The requirements. Names in brackets are the invariants of ARCHITECTURE.md that they check. */
import { keyOf, type SourceCase, type Subject } from "./case.ts";

/** A case that repeats a sync for each of its requests or commits stops after this many. */
const MOST_POINTS = 40;
/** Longer than any overlap, in ms. */
const LATER_MS = 60 * 60 * 1000;

/** @throws Error that lists differences, if there are any */
function expectSame(subject: Subject, when: string): void {
  const found = subject.differences();
  if (found.length > 0) throw new Error(`${when}, the tables differ from the server:\n${found.join("\n")}`);
}

/** The lists' names with their rows. */
function listsOf({ lists }: Subject): [string, object[]][] {
  return Object.entries(lists);
}

/** Takes the rows with these numbers out of each list. */
function takeOut(subject: Subject, isTaken: (index: number, count: number) => boolean): void {
  for (const [, rows] of listsOf(subject)) {
    const left = rows.filter((_, index) => !isTaken(index, rows.length));
    rows.splice(0, rows.length, ...left);
  }
}

/** Keys that are expected in each table now. */
function expectedKeys(subject: Subject): ReadonlyMap<string, ReadonlySet<string>> {
  const expected = subject.expected();
  return new Map(
    subject.tables.map((table) => [table.name, new Set((expected[table.name] ?? []).map((row) => keyOf(table, row)))]),
  );
}

/** @throws Error if a row that was there before and is there after is missing from the tables */
function expectKept(subject: Subject, before: ReadonlyMap<string, ReadonlySet<string>>, when: string): void {
  const after = expectedKeys(subject);
  for (const [table, keys] of before) {
    const held = subject.keys(table);
    const lost = [...keys].filter((key) => after.get(table)?.has(key) && !held.has(key));
    if (lost.length > 0) throw new Error(`${when}, ${table} lost ${lost.length} rows, such as ${lost[0]}.`);
  }
}

/** Runs with each number from 1 on, until `run` says that a sync had not so many points. */
async function atEach(run: (point: number) => Promise<boolean>): Promise<void> {
  for (let point = 1; point <= MOST_POINTS; point += 1) if (!(await run(point))) return;
}

const lightsOut = () => {
  throw new Error("The suite stopped the sync.");
};

export const sourceCases: readonly SourceCase[] = [
  {
    name: "reads everything (I4)",
    async run(create) {
      const subject = await create();
      if (listsOf(subject).some(([, rows]) => rows.length === 0)) throw new Error("The fixture has an empty list.");
      await subject.sync();
      expectSame(subject, "After a first sync");
    },
  },
  {
    name: "writes nothing if nothing changed (I2)",
    async run(create) {
      const subject = await create();
      await subject.sync();
      subject.advance?.(LATER_MS);
      const { written } = await subject.sync({ reconcile: true });
      if (written > 0) throw new Error(`A second sync wrote ${written} rows.`);
    },
  },
  {
    name: "finds new, changed and deleted rows (I4)",
    async run(create) {
      const subject = await create();
      const later = listsOf(subject).map(([, rows]) => rows.splice(-1, 1));
      await subject.sync();
      subject.advance?.(LATER_MS);
      takeOut(subject, (index) => index === 1);
      for (const [list, rows] of listsOf(subject)) if (rows[0]) rows[0] = subject.changed(rows[0], list);
      for (const [index, [, rows]] of listsOf(subject).entries()) rows.push(...later[index]!);
      await subject.sync({ reconcile: true });
      expectSame(subject, "After rows were added, changed and deleted");
    },
  },
  {
    name: "resumes after a kill at each commit (I1, I3)",
    run: async (create) => {
      for (const when of ["before", "after"] as const) {
        await atEach(async (point) => {
          const subject = await create();
          const at = (number: number, phase: string) => {
            if (number === point && phase === when) lightsOut();
          };
          const wasKilled = (await subject.trySync({ atCommit: at })) !== undefined;
          await subject.sync();
          expectSame(subject, `After a sync that was killed ${when} commit ${point}, and another one`);
          return wasKilled;
        });
      }
    },
  },
  {
    name: "resumes after each request failed, and deletes nothing because of it (I8, I9)",
    run: (create) =>
      atEach(async (point) => {
        const fail = (number: number) => {
          if (number === point) lightsOut();
        };
        const first = await create();
        const isError = (await first.trySync({ before: fail })) !== undefined;
        if (!isError) expectSame(first, `After a first sync that succeeded, although its request ${point} failed`);
        const subject = await create();
        await subject.sync();
        subject.advance?.(LATER_MS);
        const before = expectedKeys(subject);
        const hasFailed = (await subject.trySync({ reconcile: true, before: fail })) !== undefined;
        expectKept(subject, before, `After request ${point} failed`);
        await subject.sync({ reconcile: true });
        expectSame(subject, `After a sync whose request ${point} failed, and another one`);
        return hasFailed;
      }),
  },
  {
    name: "takes nothing that the user may not read for deleted (I8)",
    run: (create) =>
      atEach(async (point) => {
        const subject = await create();
        await subject.sync();
        subject.advance?.(LATER_MS);
        const before = expectedKeys(subject);
        let requests = 0;
        await subject.trySync({
          reconcile: true,
          before(number) {
            requests = number;
            if (number >= point) throw subject.forbidden();
          },
        });
        expectKept(subject, before, `After request ${point} and all later ones were forbidden`);
        return requests >= point;
      }),
  },
  {
    name: "misses no row because others go while it reads (I7)",
    run: (create) =>
      atEach(async (point) => {
        const subject = await create();
        const before = expectedKeys(subject);
        let requests = 0;
        await subject.trySync({
          before(number) {
            requests = number;
            if (number === point) takeOut(subject, (index) => index < 2);
          },
        });
        // A stream may give up on a list that changes. Then the next sync reads it.
        await subject.sync();
        expectKept(subject, before, `After rows were deleted before request ${point}, and another sync`);
        await subject.sync({ reconcile: true });
        expectSame(subject, `After rows were deleted before request ${point}, and a sync that looked for deletions`);
        return requests >= point;
      }),
  },
  {
    name: "takes no row for deleted because the list moves while it reads (I7, I8)",
    run: (create) =>
      atEach(async (point) => {
        const subject = await create();
        await subject.sync();
        subject.advance?.(LATER_MS);
        const before = expectedKeys(subject);
        let requests = 0;
        await subject.trySync({
          reconcile: true,
          before(number) {
            requests = number;
            if (number === point) {
              for (const [, rows] of listsOf(subject)) {
                const [first, ...others] = rows.splice(0);
                // One goes and another comes, so that the count stays.
                rows.push(...others, ...(first ? [first] : []));
              }
            }
          },
        });
        expectKept(subject, before, `After the first rows of all lists moved to their ends before request ${point}`);
        return requests >= point;
      }),
  },
  {
    name: "takes no row for deleted because a list is empty (I8)",
    async run(create) {
      const subject = await create();
      await subject.sync();
      subject.advance?.(LATER_MS);
      const before = expectedKeys(subject);
      const taken = listsOf(subject).map(([, rows]) => rows.splice(0));
      await subject.trySync({ reconcile: true });
      for (const [index, [, rows]] of listsOf(subject).entries()) rows.push(...taken[index]!);
      // Fewer rows may really be gone.
      const many = new Map([...before].filter(([, keys]) => keys.size > 100));
      expectKept(subject, many, "After all lists were empty");
    },
  },
  {
    name: "rejects two different rows with one key (I13)",
    async run(create) {
      for (const list of Object.keys((await create()).lists)) {
        const subject = await create();
        const rows = subject.lists[list]!;
        rows.splice(1, 0, subject.changed(rows[0]!, list));
        const failed = await subject.trySync({ reconcile: true });
        if (failed === undefined) throw new Error(`The list ${list} had two rows with one key, and a sync succeeded.`);
      }
    },
  },
];
