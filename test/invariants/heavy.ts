/** An Airflow with large runs, in its own process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("heavy-server.ts", import.meta.url));

/** @param bytes size of each run's conf */
export async function startHeavyAirflow(runs: number, bytes: number): Promise<{ url: string; stop(): void }> {
  const args = ["--conditions=@org/source", program, String(runs), String(bytes)];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = await Promise.race([once(server.stdout, "data"), once(server, "exit").then(() => [""])]);
  const url = String(text).trim();
  if (!url) throw new Error("The simulated Airflow did not start.");
  return { url, stop: () => void server.kill() };
}
