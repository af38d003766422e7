import { Writable } from "node:stream";
import type { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import type { Asked } from "../mcp/tools.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { type Run, shared } from "./options.ts";

interface McpCommandOptions {
  readonly at?: string;
  readonly config?: string;
  readonly timezone?: string;
  readonly timeout: string;
}

export function addMcp(program: Command, io: SafeIo, run: Run): void {
  program
    .command("mcp")
    .description("serve the questions of report to agents as tools, over stdin and stdout (Model Context Protocol)")
    .argument("[pipelines...]", "only these (default: all)")
    .option(...shared("at", " (default: all of its pipelines)"))
    .option(...shared("config"))
    .option(...shared("timezone", ", if a call names none"))
    .option("--timeout <duration>", "time limit of a call", "30s")
    .action(
      run(async (names: string[], { timeout, ...options }: McpCommandOptions) => {
        const timeoutMs = parseDuration("--timeout", timeout, { canBeOff: false });
        // Timers are limited to 24 days.
        if (!(timeoutMs >= 1 && timeoutMs < 2 ** 31)) throw new UsageError("--timeout must be from 1s to 24d.");
        // Loaded here because no other command needs its statements and time zones.
        const { checkScope } = await import("@org/insights");
        checkScope(options);
        await serve({ names, ...options }, timeoutMs, io);
        return exitCodes.done;
      }),
    );
}

/** Serves until the client closes stdin, or the command is stopped. */
async function serve(asked: Asked, timeoutMs: number, io: SafeIo): Promise<void> {
  const [{ toolsFor }, { CallsApart }, { createServer }, { createToolCaller }, { serveStdio, StdioServerTransport }] =
    await Promise.all([
      import("../mcp/tools.ts"),
      import("../mcp/apart.ts"),
      import("../mcp/server.ts"),
      import("@org/insights/tools"),
      import("@modelcontextprotocol/server/stdio"),
    ]);
  const apart = new CallsApart(asked);
  const tools = apart.tools((await toolsFor(asked, io)).tools);
  const call = createToolCaller({ timeoutMs });
  if (process.stdin.isTTY)
    io.stderr.write(
      "Waiting for an MCP client on stdin. Usually the client starts this command. Press Ctrl+C to stop.\n",
    );
  const ended = Promise.withResolvers<void>();
  class Transport extends StdioServerTransport {
    override async close(): Promise<void> {
      await super.close();
      ended.resolve();
    }
  }
  const handle = serveStdio(() => createServer(tools, call, manifest.version), {
    transport: new Transport(process.stdin, protocolOutput(io)),
    onerror: (error) => io.stderr.write(`dagsync mcp: ${error.message}\n`),
  });
  const stop = () => ended.reject(io.signal?.reason);
  io.signal?.addEventListener("abort", stop, { once: true });
  if (io.signal?.aborted) stop();
  try {
    await ended.promise;
  } finally {
    io.signal?.removeEventListener("abort", stop);
    await handle.close();
    await apart.close();
  }
}

/** Messages are JSON, whose meaning does not change if invisible characters are escaped. */
function protocolOutput({ stdout }: Pick<SafeIo, "stdout">): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      if (stdout.write(text) === false) stdout.drained().then(() => done(), done);
      else done();
    },
  });
}
