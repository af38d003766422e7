import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findPython } from "@org/testkit/servers/find-python";
import { afterEach, expect, test } from "vitest";

let home: string;
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A machine with only these programs: what each prints, or that it fails. */
function machine(programs: Readonly<Record<string, string | null>>): NodeJS.ProcessEnv {
  home = mkdtempSync(join(tmpdir(), "find-python-"));
  for (const [name, version] of Object.entries(programs)) {
    const file = join(home, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, version === null ? "#!/bin/sh\nexit 127\n" : `#!/bin/sh\necho ${file}\necho ${version}\n`);
    chmodSync(file, 0o755);
  }
  return { HOME: home, PATH: `${join(home, ".pyenv/shims")}:${join(home, "bin")}` };
}

const found = async (env: NodeJS.ProcessEnv, range = {}) => (await findPython(range, env)).version;

test("3.12 and 3.13 are preferred over 3.11, even if one is hidden by a broken shim", async () => {
  const env = machine({ ".pyenv/shims/python3.12": null, "bin/python3.11": "3.11.9", "bin/python3.12": "3.12.4" });
  expect(await found(env)).toBe("3.12.4");
});

test.each([".pyenv/versions/3.13.1", ".local/share/uv/python/cpython-3.13.1-linux", ".asdf/installs/python/3.13.1"])(
  "a Python in %s is found even if it is not on the PATH",
  async (folder) => {
    const env = machine({ "bin/python3": "3.11.2", [`${folder}/bin/python3.13`]: "3.13.1" });
    expect(await found(env)).toBe("3.13.1");
    expect(await found(env, { before: "3.12" })).toBe("3.11.2");
  },
);

test("if none is suitable, the error names the range and each candidate's output", async () => {
  const env = machine({ "bin/python3.10": "3.10.1", "bin/python3": "3.9.2" });
  expect(await found(env)).toBe("3.10.1");
  await expect(findPython({ from: "3.11" }, env)).rejects.toMatchObject({
    code: "MISSING_PYTHON",
    message: expect.stringMatching(/needs Python 3\.11 to 3\.13 .*\n {2}\S+\/bin\/python3: version 3\.9\.2/s),
  });
});
