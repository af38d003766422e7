/** A server that speaks S3's protocol, in a process of its own: moto, which keeps everything in memory. */
import { fileURLToPath } from "node:url";
import { freePort, startService, waitUntil } from "./processes.ts";
import { ensureVenv } from "./python.ts";

const version = "5.2.5";
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  /** It takes any; these are what the tests sign with. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
}

/**
 * Installs moto into the cache where it is missing, and starts it. It is up in two seconds.
 *
 * @throws MissingPythonError: When this machine has no fitting Python.
 * @throws ServerError: When the server is not ready in 120 s, with the end of its log.
 */
export async function startS3(options: { log: (line: string) => void; signal?: AbortSignal }): Promise<S3Server> {
  const { log, signal } = options;
  const venv = await ensureVenv({ name: `moto-${version}`, log, signal });
  const port = await freePort();
  log(`Starting moto ${version} on port ${port}`);
  const service = startService(venv.python, [here("s3/serve.py"), String(port)]);
  const endpoint = `http://127.0.0.1:${port}`;
  const answers = async () => (await fetch(`${endpoint}/moto-api/`, { signal: AbortSignal.timeout(5000) })).ok;
  try {
    await waitUntil(`moto ${version}`, answers, [service], { deadlineMs: 120_000, signal });
  } catch (error) {
    await service.stop();
    throw error;
  }
  const credentials = { accessKeyId: "test", secretAccessKey: "test-secret" };
  return { endpoint, region: "us-east-1", credentials, stop: () => service.stop() };
}
