/** An in-memory server with S3's protocol, in its own process: moto. */
import { fileURLToPath } from "node:url";
import { freePort, startService, waitUntil } from "./processes.ts";
import { ensureVenv, pythonEnvironment } from "./python.ts";

const version = "5.2.5";
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  /** Credentials for the tests. The server accepts any. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
}

/**
 * Starts moto, after installing it if it is not in the cache. Takes two seconds.
 *
 * @throws MissingPythonError: If this machine has no suitable Python.
 * @throws ServerError: If the server is not ready within 120 s, with the end of its log.
 */
export async function startS3(options: { log: (line: string) => void; signal?: AbortSignal }): Promise<S3Server> {
  const { log, signal } = options;
  const venv = await ensureVenv({ name: `moto-${version}`, log, signal });
  const port = await freePort();
  log(`Starting moto ${version} on port ${port}`);
  const service = startService(venv.python, [here("s3/serve.py"), String(port)], { env: pythonEnvironment() });
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
