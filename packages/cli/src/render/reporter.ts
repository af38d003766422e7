import type { SyncEvent } from "@org/sync-engine";
import type { Output } from "../io.ts";
import { jsonLine } from "./json.ts";
import { Progress } from "./progress.ts";
import { canMove, type SafeIo, type SafeOutput } from "./safe-output.ts";

/** Shows a sync's progress. */
export interface Reporter {
  event(event: SyncEvent): void;
  /** Called every `tickMs`, whether or not anything happened. */
  tick(): void;
  /** Prepares the terminal for further output. */
  end(): void;
  readonly tickMs: number;
}

/** Every event as a line of JSON. */
export function jsonReporter(stdout: Output): Reporter {
  return { event: (event) => stdout.write(jsonLine(event)), tick() {}, end() {}, tickMs: 60_000 };
}

/** For logs: a line when a stream starts and ends, and one every few seconds in between. */
export function lineReporter(stderr: Output, now?: () => number): Reporter {
  const progress = new Progress(now);
  const print = (line: string | undefined) => line && stderr.write(`${line}\n`);
  return {
    event: (event) => print(progress.take(event)),
    tick() {
      const status = progress.status();
      print(status && `  ${status}`);
    },
    end() {},
    tickMs: 5000,
  };
}

const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

/** For a terminal: the same lines, and a progress line below them. */
export function terminalReporter(stderr: SafeOutput, now?: () => number): Reporter {
  const progress = new Progress(now);
  let frame = 0;
  let drawn = false;
  const erase = () => {
    if (drawn) stderr.eraseLine();
    drawn = false;
  };
  const draw = () => {
    const status = progress.status(stderr.columns - 3);
    if (!status) return;
    const line = `${frames[frame % frames.length]} ${status}`;
    stderr.eraseLine();
    stderr.write(line.slice(0, stderr.columns - 1));
    drawn = true;
  };
  return {
    event(event) {
      const line = progress.take(event);
      // The progress line already shows that a stream has started.
      if (!line || event.type === "stream-started") return;
      erase();
      stderr.write(`${line}\n`);
      draw();
    },
    tick() {
      frame += 1;
      draw();
    },
    end: erase,
    tickMs: 100,
  };
}

/** The reporter that suits stderr. */
export function reporterFor(io: SafeIo): Reporter {
  return canMove(io) ? terminalReporter(io.stderr) : lineReporter(io.stderr);
}
