import type { Dag } from "@org/airflow-client";
import { expect, test } from "vitest";
import { allDags } from "../src/airflow/dag-list.ts";

/** A server that lists these DAGs, with a callback before each of its responses. */
function server(ids: Set<string>, before: (answer: number) => void, pageSize = 10) {
  let answers = 0;
  return {
    asked: () => answers,
    async dagsPage(offset: number) {
      answers += 1;
      before(answers);
      const sorted = [...ids].sort();
      const dags = sorted.slice(offset, offset + pageSize).map((dag_id) => ({ dag_id }) as Dag);
      return { dags, total: sorted.length };
    },
  };
}

const named = (count: number) => new Set(Array.from({ length: count }, (_, n) => `dag_${String(n).padStart(4, "0")}`));
const idsOf = (dags: readonly Dag[]) => new Set(dags.map(({ dag_id }) => dag_id));

const noneIsUnreadable = ({ where }: { readonly where: string }) => {
  throw new Error(where);
};

test("a list of DAGs is complete although one is deleted and one created before every page", async () => {
  const ids = named(500);
  const staying = new Set([...ids].filter((_, index) => index % 5));
  const going = [...ids].filter((id) => !staying.has(id));
  const api = server(ids, (answer) => {
    ids.delete(going[(answer * 7) % going.length]!);
    ids.add(`dag_${String((answer * 37) % 500).padStart(4, "0")}_new`);
  });
  const listed = idsOf(await allDags(api, noneIsUnreadable));
  expect([...staying].filter((id) => !listed.has(id))).toEqual([]);
  expect(api.asked()).toBeLessThan(120);
});

test("a list of DAGs is complete although most of what was read is deleted before the next page", async () => {
  const ids = named(60);
  const staying = [...ids].slice(36);
  const api = server(ids, (answer) => {
    if (answer === 5) for (const id of [...ids].slice(0, 36)) ids.delete(id);
  });
  const listed = idsOf(await allDags(api, noneIsUnreadable));
  expect(staying.filter((id) => !listed.has(id))).toEqual([]);
});

test.each([0, 1, 9, 10, 11, 19, 20, 21, 100])("a stable list of %i DAGs is read completely", async (count) => {
  const ids = named(count);
  expect(
    idsOf(
      await allDags(
        server(ids, () => {}),
        noneIsUnreadable,
      ),
    ),
  ).toEqual(ids);
});

test("a server that lists one DAG at a time ends in an error, not in fewer DAGs", async () => {
  await expect(
    allDags(
      server(named(3), () => {}, 1),
      noneIsUnreadable,
    ),
  ).rejects.toThrow(/list of DAGs/);
});
