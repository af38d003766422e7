/** The files for hosts agree with the command, which only hosts call. At night they are run. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hostEnvironment, hostFolder } from "@org/testkit/hosts/hosts";
import { expect, test } from "vitest";
import { parse } from "yaml";

const example = (path: string) => fileURLToPath(new URL(`../examples/${path}`, import.meta.url));
const read = (path: string) => readFileSync(example(path), "utf8");

interface Spec {
  readonly connectionSpecification: {
    readonly properties: Readonly<Record<string, { readonly airbyte_secret?: true }>>;
  };
}

interface Setting {
  readonly name: string;
  readonly sensitive?: boolean;
}

test("examples/airbyte's entry point answers, and examples/meltano names the same settings and secrets", () => {
  const { folder, executable } = hostFolder("airbyte");
  const printed = execFileSync(executable, ["spec"], { encoding: "utf8", env: hostEnvironment(folder) });
  const { spec } = JSON.parse(printed) as { spec: Spec };
  const settings = Object.entries(spec.connectionSpecification.properties);
  const [tap] = parse(read("meltano/meltano.yml")).plugins.extractors;
  expect(tap.settings.map(({ name, sensitive }: Setting) => [name, sensitive === true])).toEqual(
    settings.map(([name, { airbyte_secret }]) => [name, airbyte_secret === true]),
  );
  const documented = [...readFileSync(example("../docs/hosts.md"), "utf8").matchAll(/^\| (`.*?) +\|/gm)];
  const names = documented.flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(new Set(names)).toEqual(new Set(settings.map(([name]) => name)));
});

test("examples/airbyte's image, entry point and metadata name each other", () => {
  const { data } = parse(read("airbyte/metadata.yaml"));
  const dockerfile = read("airbyte/Dockerfile");
  expect(dockerfile).toContain(
    `LABEL io.airbyte.name=${data.dockerRepository}\nLABEL io.airbyte.version=${data.dockerImageTag}`,
  );
  const [, entry] = /^COPY (\S+) /m.exec(dockerfile) ?? [];
  expect(read(`airbyte/${entry}`)).toMatch(/exec dagsync read --format airbyte "\$@"\n$/);
  expect(read("meltano/tap-dagsync")).toMatch(/exec dagsync read --format singer "\$@"\n$/);
  expect(read("airbyte/README.md")).toContain(`${data.dockerRepository}:${data.dockerImageTag}`);
});
