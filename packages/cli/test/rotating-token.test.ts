import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { serverVersionDocument } from "@org/dagster-client/sync";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { dagsterWithToken, tokenFromCommand, tokenFromFile } from "../src/rotating-token.ts";
import { isRunning, listen, temporaryFolder } from "./helpers.ts";

/** A Dagster that lets one token in, which may change. */
async function guarded(first: string) {
  const door = { token: first, refused: 0 };
  const host = await listen(
    createServer((request, response) => {
      const isKnown = request.headers["dagster-cloud-api-token"] === door.token;
      if (!isKnown) door.refused += 1;
      response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
      response.end(isKnown ? '{"data":{"version":"1.13.27","run":null}}' : `{"no":"CANARY ${door.token}"}`);
    }),
  );
  return { door, url: `http://${host}` };
}

test("a token file is read again once the server rejects the token, and only then", async () => {
  const { door, url } = await guarded("first-token");
  const file = join(temporaryFolder(), "token");
  writeFileSync(file, "first-token\n");
  const client = dagsterWithToken({ url }, tokenFromFile(file, "here"));
  const ask = () => client.request(serverVersionDocument);
  expect(await ask()).toMatchObject({ version: "1.13.27" });
  writeFileSync(file, "second-token\n");
  expect(await ask()).toMatchObject({ version: "1.13.27" });
  expect(door.refused).toBe(0);
  door.token = "second-token";
  expect(await Promise.all([ask(), ask()])).toMatchObject([{ version: "1.13.27" }, { version: "1.13.27" }]);
  expect(door.refused).toBeLessThanOrEqual(2);
  door.token = "third-token";
  await expect(ask()).rejects.toMatchObject({ code: "TOKEN_REFUSED" });
  writeFileSync(file, "third-token");
  expect(await ask()).toMatchObject({ version: "1.13.27" });
});

test("an unreadable file is reported when it is needed, and the next request recovers", async () => {
  const { url } = await guarded("token");
  const file = join(temporaryFolder(), "token");
  const client = dagsterWithToken({ url }, tokenFromFile(file, "prod.tokenFile"));
  const ask = () => client.request(serverVersionDocument);
  await expect(ask()).rejects.toThrow("prod.tokenFile: the file cannot be read (ENOENT).");
  for (const [path, code] of [
    ["CANARY\0", "ERR_INVALID_ARG_VALUE"],
    ["CANARY".repeat(1000), "ENAMETOOLONG"],
  ] as const) {
    const reading = tokenFromFile(path, "prod.tokenFile").get();
    await expect(reading).rejects.toThrow(`prod.tokenFile: the file cannot be read (${code}).`);
  }
  writeFileSync(file, "CANARY CANARY");
  await expect(ask()).rejects.toThrow("prod.tokenFile: the file holds more than a token: a single word is expected.");
  writeFileSync(file, "token");
  expect(await ask()).toMatchObject({ version: "1.13.27" });
});

const node = process.execPath;

test.each([
  ["one word", [node, "-p", "process.env.SECRET"], "CANARY-1"],
  ["a text for the shell", `"${node}" -p process.env.SECRET`, "CANARY-1"],
])("a command provides the token: %s", async (_, command, token) => {
  const env = { ...process.env, SECRET: "CANARY-1" };
  expect(await tokenFromCommand(command, "x", { env }).get()).toBe(token);
});

test.each([
  ["fails", [node, "-e", "console.log('CANARY'); process.exit(4)"], "the command ended with exit code 4."],
  ["prints nothing", [node, "-e", "0"], "the command holds nothing"],
  ["prints too much", [node, "-p", "'CANARY and more'"], "the command holds more than a token"],
  ["is not there", ["no-such-program-CANARY"], "the command could not be run (ENOENT)."],
  ["no program can be given", [node, "CANARY\0"], "the command could not be run (ERR_INVALID_ARG_VALUE)."],
  ["no shell can be given", "echo CANARY\0", "the command could not be run (ERR_INVALID_ARG_VALUE)."],
  ["is too long for the system", [node, "CANARY".repeat(1_000_000)], "the command could not be run (E2BIG)."],
  ["does not end", [node, "-e", "setInterval(() => 0, 1000)"], "the command did not end within 2 s.", 2000],
])("a command that %s is reported without its output", async (_, command, message, timeoutMs = 60_000) => {
  const failing = tokenFromCommand(command, "prod.tokenCommand", { env: process.env, timeoutMs }).get();
  const thrown = await failing.catch((error: Error) => error);
  expect((thrown as Error).message).toContain(`prod.tokenCommand: ${message}`);
  expect((thrown as Error).message).not.toContain("CANARY");
});

test("a command is stopped once its token is no longer needed", async () => {
  const controller = new AbortController();
  const endless = tokenFromCommand([node, "-e", "setInterval(() => 0, 1000)"], "x", { env: process.env });
  const getting = endless.get(controller.signal);
  controller.abort(new Error("enough"));
  await expect(getting).rejects.toThrow("enough");
});

test.runIf(process.platform !== "win32")("a command that times out is stopped with everything it started", async () => {
  const pidFile = join(temporaryFolder(), "pid");
  const command = `sleep 1000 & echo $! > "${pidFile}"; wait`;
  // The timeout begins to run out once the shell has started its child, however long that takes.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const ended = expect(tokenFromCommand(command, "x", { env: process.env, timeoutMs: 1000 }).get()).rejects.toThrow(
    "x: the command did not end within 1 s. Run it by hand to see why.",
  );
  await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, "utf8")).toMatch(/^\d+\n$/);
  vi.advanceTimersByTime(1000);
  await ended;
  vi.useRealTimers();
  await expect.poll(() => isRunning(Number(readFileSync(pidFile, "utf8")))).toBe(false);
});

test("a command that prints forever is stopped", async () => {
  const endless = [node, "-e", "const print = () => process.stdout.write('CANARY'.repeat(1000), print); print()"];
  await expect(tokenFromCommand(endless, "x", { env: process.env }).get()).rejects.toThrow(
    "x: the command printed more than a token.",
  );
});

describe.runIf(process.platform !== "win32")("a file that blocks its reader", () => {
  const pipe = () => {
    const path = join(temporaryFolder(), "fifo");
    execFileSync("mkfifo", [path]);
    return path;
  };

  test("is reported after the timeout", async () => {
    const token = tokenFromFile(pipe(), "prod.tokenFile", { timeoutMs: 500 });
    await expect(token.get()).rejects.toThrow(
      "prod.tokenFile: the file cannot be read (nothing arrived within 0.5 s).",
    );
  });

  test("is abandoned once its token is no longer needed", async () => {
    const controller = new AbortController();
    const getting = tokenFromFile(pipe(), "x", { signal: controller.signal }).get();
    controller.abort(new Error("enough"));
    await expect(getting).rejects.toThrow("enough");
  });

  test("provides its token once one is written", async () => {
    const path = pipe();
    const getting = tokenFromFile(path, "x").get();
    spawn("sh", ["-c", `echo CANARY-1 > "${path}"`]);
    expect(await getting).toBe("CANARY-1");
  });

  test("may be endless", async () => {
    await expect(tokenFromFile("/dev/zero", "x").get()).rejects.toThrow("x: the file cannot be read (it is too long).");
  });
});

test.runIf(process.platform !== "win32")("a link to the token works, and a folder is rejected", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "first"), "CANARY-1\n");
  symlinkSync("first", join(folder, "token"));
  expect(await tokenFromFile(join(folder, "token"), "x").get()).toBe("CANARY-1");
  await expect(tokenFromFile(folder, "x").get()).rejects.toThrow("x: the file cannot be read (EISDIR).");
});
