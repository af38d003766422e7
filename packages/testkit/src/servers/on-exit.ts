import { existsSync, rmSync } from "node:fs";

const exitHandlers = new Set<() => void>();

/**
 * Runs a handler, synchronously, when this process ends: normally, by an error, or by SIGINT, SIGTERM or SIGHUP.
 *
 * @returns A function that removes the handler.
 */
export function onExit(handler: () => void): () => void {
  listenOnce();
  exitHandlers.add(handler);
  return () => exitHandlers.delete(handler);
}

let listening = false;
function listenOnce(): void {
  if (listening) return;
  listening = true;
  const runAll = () => {
    // In reverse order: what was started later may depend on what was started before.
    for (const handler of [...exitHandlers].reverse()) {
      try {
        handler();
      } catch {
        // Still call the others.
      }
    }
    exitHandlers.clear();
  };
  process.once("exit", runAll);
  for (const signalName of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signalName, () => {
      runAll();
      // No other handler: end as if there had been none.
      if (process.listenerCount(signalName) === 0) process.kill(process.pid, signalName);
    });
  }
}

/** Removes a folder, even if a process that is just ending still writes into it. Never throws. */
export function removeFolderSync(folder: string): void {
  for (let attempt = 0; attempt < 40 && existsSync(folder); attempt++) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another process was faster, at removing it or at writing into it.
    }
    if (existsSync(folder)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}
