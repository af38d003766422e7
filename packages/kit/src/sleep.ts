import { longestTimerMs } from "./options.ts";

/**
 * Waits, even forever (`Infinity`).
 *
 * @throws the signal's reason, at once
 */
export async function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  for (let leftMs = durationMs; ; leftMs -= longestTimerMs) {
    signal?.throwIfAborted();
    await timer(Math.min(leftMs, longestTimerMs), signal);
    if (!(leftMs > longestTimerMs)) break;
  }
  signal?.throwIfAborted();
}

function timer(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(id);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const id = setTimeout(wake, durationMs);
    signal?.addEventListener("abort", wake);
  });
}
