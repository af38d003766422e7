/** Tools as a server of the Model Context Protocol. */

import { fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import type { InsightsTool, ToolCaller } from "@org/insights/tools";
import { toolInstructions } from "@org/insights/tools";

/** A server that is not connected yet. */
export function createServer(tools: readonly InsightsTool[], call: ToolCaller, version: string): McpServer {
  const server = new McpServer({ name: "dagsync", version }, { instructions: toolInstructions });
  for (const tool of tools) {
    const { name, title, description, inputSchema, outputSchema } = tool;
    server.registerTool(
      name,
      {
        title,
        description,
        inputSchema: asSchema(inputSchema),
        outputSchema: asSchema(outputSchema),
        annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
      },
      async (given, { mcpReq }) => {
        const { text, result, isError } = await call(tool, given, mcpReq.signal);
        return { content: [{ type: "text", text }], ...(result && { structuredContent: result }), isError };
      },
    );
  }
  return server;
}

/** For clients. The tools check their arguments themselves, with better messages. */
function asSchema(schema: object) {
  return fromJsonSchema<Record<string, unknown>>(schema, {
    getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
  });
}
