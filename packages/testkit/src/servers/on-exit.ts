import { existsSync, rmSync } from "node:fs";

const exitHandlers = new Set<() => void>();

/**
 * Does something, synchronously, when this process ends: normally, by an error, or by SIGINT, SIGTERM or SIGHUP.
 *
 * @returns Takes the handler away again.
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
    // The last one first: what was started later may need what was there before.
    for (const handler of [...exitHandlers].reverse()) {
      try {
        handler();
      } catch {
        // The others still have to be called.
      }
    }
    exitHandlers.clear();
  };
  process.once("exit", runAll);
  for (const signalName of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signalName, () => {
      runAll();
      // Nobody else wants to end in an orderly way: end as if there had been no handler.
      if (process.listenerCount(signalName) === 0) process.kill(process.pid, signalName);
    });
  }
}

/** Removes a folder although a process that is just ending may still write into it. Never throws. */
export function removeFolderSync(folder: string): void {
  for (let attempt = 0; attempt < 40 && existsSync(folder); attempt++) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Somebody was quicker, in one direction or the other.
    }
    if (existsSync(folder)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}
