import { type Io, main } from "@org/cli";
import { onTestFinished } from "vitest";

/** How a command ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Serving {
  /** With a trailing slash. */
  readonly url: string;
  /** Its output so far. */
  readonly written: { readonly stdout: string; readonly stderr: string };
  stop(): Promise<Outcome>;
}

/** Runs `dagsync serve` in this process, on a free port, until stopped or until the test ends. */
export async function serve(args: readonly string[], io: Partial<Io> = {}): Promise<Serving> {
  const written = { stdout: "", stderr: "" };
  const controller = new AbortController();
  const listening = Promise.withResolvers<string>();
  const writer = (name: keyof typeof written) => ({
    write(text: string) {
      written[name] += text;
      const [url] = /http:\S+/.exec(written.stdout) ?? [];
      if (url) listening.resolve(url);
    },
  });
  const ended = main(["serve", "--port", "0", "--timezone", "UTC", ...args], {
    stdout: writer("stdout"),
    stderr: writer("stderr"),
    env: {},
    requests: { retries: 0 },
    signal: controller.signal,
    ...io,
  });
  const stop = async () => {
    controller.abort();
    return { code: await ended, ...written };
  };
  onTestFinished(async () => void (await stop()));
  ended.then((code) => listening.reject(new Error(`It ended with ${code}: ${written.stderr}`)));
  return { url: await listening.promise, written, stop };
}
