import { join } from "node:path";
import { build } from "esbuild";
import { rolldown } from "rolldown";
import { expect, inject, test } from "vitest";

const project = inject("npmProject");

const bundlers = {
  async esbuild(contents: string) {
    const stdin = { contents, resolveDir: project };
    const options = { bundle: true, minify: true, write: false, format: "esm", platform: "browser" } as const;
    return (await build({ stdin, ...options })).outputFiles[0]!.text;
  },
  /** The bundler that Vite uses. */
  async rolldown(contents: string) {
    const entry = join(project, "virtual.js");
    const plugins = [
      {
        name: "entry",
        load: (id: string) => (id === entry ? contents : null),
        resolveId: (id: string) => (id === entry ? id : null),
      },
    ];
    const bundle = await rolldown({ input: entry, cwd: project, platform: "browser", plugins });
    return (await bundle.generate({ format: "esm", minify: true })).output[0].code;
  },
};

const everythingOf = (name: string) => `import * as all from "${name}"; globalThis.all = all;`;
const clientAlone = `import { createAirflowClient } from "@org/airflow-client";
globalThis.airflow = createAirflowClient({ url: location.origin });`;
const oneMethod = `import { createAirflowClient, dagRuns } from "@org/airflow-client";
await dagRuns.trigger(createAirflowClient({ url: location.origin }), "daily");`;
const oneDocument = `import { createDagsterClient } from "@org/dagster-client";
import { serverVersionDocument } from "@org/dagster-client/sync";
await createDagsterClient({ url: location.origin }).request(serverVersionDocument);`;

/** The paths of Airflow's API in a bundle. */
const pathsIn = (code: string) => new Set(code.match(/\/api\/v2[\w/{}~]*/g));
/** The names of the GraphQL operations in a bundle. */
const operationsIn = (code: string) =>
  new Set(Array.from(code.matchAll(/(?:query|mutation) ([A-Z]\w+)/g), ([, name]) => name));

const runs = "/api/v2/dags/{dag_id}/dagRuns";

test.each(["esbuild", "rolldown"] as const)(
  "a program that triggers a run bundles little else from %s",
  async (name) => {
    const all = await bundlers[name](everythingOf("@org/airflow-client"));
    expect(pathsIn(all).size).toBeGreaterThan(30);

    const code = await bundlers[name](oneMethod);
    const messages = pathsIn(await bundlers[name](clientAlone));
    // esbuild keeps the namespace that is used, all of it: lists of runs by tag look up DAGs. Others keep the method.
    const asked = (path: string) =>
      name === "esbuild" ? path.startsWith(runs) || path === "/api/v2/dags" : path === runs;
    expect(pathsIn(code)).toContain(runs);
    expect([...pathsIn(code)].filter((path) => !asked(path) && !messages.has(path))).toEqual([]);
    expect(code.length).toBeLessThan(0.8 * all.length);
  },
);

test.each(["esbuild", "rolldown"] as const)(
  "a program that sends one document bundles no other from %s",
  async (name) => {
    const all = await bundlers[name](everythingOf("@org/dagster-client"));
    expect(operationsIn(all).size).toBeGreaterThan(4);

    const code = await bundlers[name](oneDocument);
    expect([...operationsIn(code)]).toEqual(["ServerVersion"]);
    expect(code.length).toBeLessThan(all.length - 5000);
  },
);
